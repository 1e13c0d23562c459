"""Take screenshots of HTML pages in Chromium, on a wide screen and on a phone, light and dark.

    uv run --with playwright python scripts/take_screenshots.py evaluation.html http://localhost:8000

Needs Chromium or Chrome on the machine. The PNG files go to screenshots/, which Git ignores. Exits
with 1 if a page is wider than the screen, so that a reader would have to scroll sideways.
"""

import argparse
import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright  # type: ignore[import-not-found,unused-ignore]

WIDTHS = {"wide": 1280, "phone": 390}
SCHEMES = ("light", "dark")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def main() -> None:
    """Take the screenshots, and list the pages that are wider than the screen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="+", help="HTML files or URLs")
    parser.add_argument("--folder", type=Path, default=Path("screenshots"))
    options = parser.parse_args()
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"no browser on PATH ({', '.join(BROWSERS)}); install Chromium")
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=browser).new_page()
        wide = [text for address in options.pages for text in take(page, address, options.folder)]
    sys.exit("\n".join(wide) or 0)


def take(page: Page, address: str, folder: Path) -> list[str]:
    """Write the screenshots of one page; return a line for each width that it exceeds."""
    url = address if "://" in address else Path(address).resolve(strict=True).as_uri()
    name = Path(urlsplit(url).path.rstrip("/")).stem or "index"
    wide = []
    for screen, width in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(url, wait_until="networkidle")
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            path = folder / f"{name}-{screen}-{scheme}.png"
            page.screenshot(path=path, full_page=True)
            print(f"wrote {path}")
        if (needed := page.evaluate("document.documentElement.scrollWidth")) > width:
            wide.append(f"{address} is {needed} px wide on a screen of {width} px")
    return wide


if __name__ == "__main__":
    main()
