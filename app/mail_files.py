"""The local mailer's folder, as an erasure sees it."""

from __future__ import annotations

from dataclasses import dataclass
from email import policy
from email.parser import BytesParser
from pathlib import Path

from integrations.local.email import choose_file_name
from sales.privacy.rules import Needles, find_kinds


@dataclass(frozen=True, slots=True)
class MailFolder:
    """Files of mails, by the keys of their rows."""

    folder: Path

    def erase(self, keys: tuple[str, ...]) -> int:
        """Delete the files of these mails; how many there were."""
        found = 0
        for key in keys:
            path = self.folder / choose_file_name(key)
            if path.exists():
                path.unlink()
                found += 1
        return found

    def scan(self, needles: Needles) -> tuple[int, int]:
        """How many files there are, and in how many an address or a number stands. Bodies are
        decoded first: in transfer encodings nothing would be found."""
        files = sorted(self.folder.glob("*.eml")) if self.folder.is_dir() else []
        holding = sum(bool(find_kinds(_read(path), needles) - {"name"}) for path in files)
        return len(files), holding


def _read(path: Path) -> list[str]:
    message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    texts = [f"{name}: {value}" for name, value in message.items()]
    parts = (part for part in message.walk() if part.get_content_maintype() == "text")
    return [*texts, *(str(part.get_content()) for part in parts)]
