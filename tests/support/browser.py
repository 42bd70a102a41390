"""A headless Chromium for the tests of the page: where it is, how it is started, what it has logged."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webelement import WebElement


def missing() -> str | None:
    """Why there can be no browser here, or None."""
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            return f"{program} is not installed (Debian: chromium, chromium-driver)"
    return None


class Browser:
    """One page in one window."""

    def __init__(self) -> None:
        options = ChromeOptions()
        options.binary_location = str(shutil.which("chromium"))
        # a container has neither user namespaces for the sandbox nor a large /dev/shm
        for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = Chrome(options=options, service=Service(shutil.which("chromedriver")))

    def open(self, path: Path, fragment: str = "", width: int = 1280, height: int = 900, scheme: str = "light") -> None:
        """Load the file anew in a viewport of that size in CSS pixels, with `light` or `dark` preferred."""
        self.size(width, height)
        self.prefer(scheme)
        self.driver.get("about:blank")
        self.driver.get(path.as_uri() + fragment)
        self.settle()

    def size(self, width: int, height: int) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def prefer(self, scheme: str) -> None:
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": [feature]})

    def run(self, script: str, *arguments: Any) -> Any:
        """What a function body returns in the page."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, condition: Callable[[], Any], what: str) -> None:
        """Until a condition holds; fails after ten seconds."""
        end = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < end, f"never: {what}"
            time.sleep(0.02)

    def settle(self) -> None:
        """Until the page shows what its address asks for."""
        self.wait(
            lambda: self.run(
                "const {anchor} = parse(location.hash);"
                "return document.readyState === 'complete' && (anchor === null || player.anchor === anchor)"
            ),
            "the page is ready",
        )

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element("css selector", selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements("css selector", selector)

    def complaints(self) -> list[str]:
        """What has come to the console since the last call, at any level."""
        return [str(entry["message"]) for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """The addresses that the page has asked for since the last call."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        asked = [item["params"] for item in messages if item["method"] == "Network.requestWillBeSent"]
        return [item["request"]["url"] for item in asked]

    def shoot(self, name: str, folder: Path) -> None:
        """A screenshot of what is in the window."""
        folder.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(folder / f"{name}.png"))

    def close(self) -> None:
        self.driver.quit()


def screenshots(default: Path) -> Path:
    """Where screenshots go: the folder that PAGE_SCREENSHOTS names, or the default."""
    return Path(os.environ.get("PAGE_SCREENSHOTS", default))
