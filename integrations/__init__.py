"""The outside world: one folder per vendor. A folder `integrations/<vendor>` anywhere on Python's
path is one as well, so that an installation can have vendors of its own."""

from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)
