# mypy: ignore-errors
"""Scrapy reading the same site as plain text. Runs in an environment of its own, with Scrapy:
`python scrapy_peer.py SITEMAP CONCURRENCY`; writes what it measured as JSON."""

import json
import resource
import sys
import time

from scrapy.crawler import CrawlerProcess
from scrapy.spiders import SitemapSpider

READ = []


class PlainText(SitemapSpider):
    name = "plain"
    sitemap_urls = (sys.argv[1],)

    def parse(self, response):
        parts = (part.strip() for part in response.css("body *::text").getall())
        title = response.css("title::text").get()
        READ.append((response.url, title, "\n".join(part for part in parts if part)))


process = CrawlerProcess(
    {
        "LOG_LEVEL": "ERROR",
        "ROBOTSTXT_OBEY": True,
        "DOWNLOAD_DELAY": 0,
        "CONCURRENT_REQUESTS_PER_DOMAIN": int(sys.argv[2]),
        "TELNETCONSOLE_ENABLED": False,
    }
)
process.crawl(PlainText)
started, cpu = time.perf_counter(), time.process_time()
process.start()
json.dump(
    {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu,
        "pages": len(READ),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    },
    sys.stdout,
)
