"""Chromium without a window, led over its DevTools pipe: no driver, no port, no package."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

BINARY = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
_OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--disable-background-networking", "--no-first-run", "--remote-debugging-pipe")  # fmt: skip


class Page:
    """A page in a browser of its own; messages end with a zero byte."""

    def __init__(self, url: str, profile: Path, width: int = 1280, height: int = 900) -> None:
        self._number = 0
        read, self._out = os.pipe()
        self._in, write = os.pipe()

        def on_3_and_4() -> None:  # dup2 may land on the other's number: go by way of high ones
            high = [os.dup(read), os.dup(write)]
            high = [os.dup2(fd, 100 + i) for i, fd in enumerate(high)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self._process = subprocess.Popen(
            [BINARY, *_OPTIONS, f"--user-data-dir={profile}", "about:blank"],
            preexec_fn=on_3_and_4, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(read)
        os.close(write)
        self._answers = os.fdopen(self._in, "rb")
        self._session: str | None = None
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        found = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = found["sessionId"]
        self.errors: list[str] = []
        self.asked: list[str] = []  # what dialogs said; all are answered by yes
        self._call("Runtime.enable")
        self._call("Log.enable")
        self._call("Page.enable")
        self.size(width, height)
        self.open(url)

    def open(self, url: str) -> None:
        """Goes there, and waits until it is loaded."""
        self.run("window.left = true")
        self._call("Page.navigate", url=url)
        deadline = time.monotonic() + 60
        while not self.run(
            f"!window.left && document.readyState === 'complete' && location.href === {json.dumps(url)}"
        ):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{url} did not load")
            time.sleep(0.01)

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._answers.close()
        os.close(self._out)

    def size(self, width: int, height: int, mobile: bool = False) -> None:
        """The window, or a phone's screen."""
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                   deviceScaleFactor=1, mobile=mobile)  # fmt: skip
        self._call("Emulation.setTouchEmulationEnabled", enabled=mobile)

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        found = self._call("Runtime.evaluate", expression=script, returnByValue=True,
                           awaitPromise=True)  # fmt: skip
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"]["exception"]["description"])
        return found["result"].get("value")

    def until(self, script: str) -> Any:
        """Waits until an expression in the page is true, and gives its value."""
        deadline = time.monotonic() + 60
        while not (value := self.run(script)):
            if time.monotonic() > deadline:
                raise RuntimeError(f"never true: {script}")
            time.sleep(0.02)
        return value

    def press(self, key: str, shift: bool = False) -> None:
        """A key of the keyboard, by its name (``"j"``, ``"ArrowRight"``)."""
        text = {"text": key} if len(key) == 1 else {}
        for kind in ("keyDown", "keyUp"):
            self._call("Input.dispatchKeyEvent", type=kind, key=key, modifiers=8 * shift, **text)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """The mouse pressed at one place of the window and let go at another."""
        places = {"mouseMoved": start, "mousePressed": start, "moved": end, "mouseReleased": end}
        for kind, (x, y) in places.items():
            self._call("Input.dispatchMouseEvent", type=kind.replace("moved", "mouseMoved"), x=x, y=y,
                       button="left", buttons=int(kind != "mouseMoved"), clickCount=1)  # fmt: skip

    def tap(self, place: tuple[float, float]) -> None:
        """A finger put down and taken off."""
        self._touch(place, None)

    def touch_drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """A finger put down at one place of the window, moved and taken off at another."""
        self._touch(start, tuple((a + b) / 2 for a, b in zip(start, end)), end, None)

    def _touch(self, *places: tuple[float, float] | None) -> None:
        for kind, place in zip(("Start", *["Move"] * (len(places) - 2), "End"), places):
            points = [{"x": place[0], "y": place[1]}] if place else []
            self._call("Input.dispatchTouchEvent", type=f"touch{kind}", touchPoints=points)

    def drop(self, place: tuple[float, float], *files: Path) -> None:
        """Files dragged in from outside and let go at a place of the window."""
        data = {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self._call("Input.dispatchDragEvent", type=kind, x=place[0], y=place[1], data=data)

    def give(self, selector: str, *files: Path) -> None:
        """Files to an ``<input type=file>``."""
        root = self._call("DOM.getDocument")["root"]["nodeId"]
        node = self._call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self._call("DOM.setFileInputFiles", nodeId=node, files=[str(file) for file in files])

    def save_to(self, folder: Path) -> None:
        """Where downloads go."""
        self._call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    def prefer(self, **features: str) -> None:
        """What the system prefers: ``prefers_color_scheme="dark"``."""
        wanted = [{"name": k.replace("_", "-"), "value": v} for k, v in features.items()]
        self._call("Emulation.setEmulatedMedia", features=wanted)

    def screenshot(self, path: Path) -> None:
        """What is seen, as a PNG."""
        path.write_bytes(base64.b64decode(self._call("Page.captureScreenshot")["data"]))

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        number = self._send(method, params)
        while True:
            answer = json.loads(self._next())
            if answer.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.errors.append(json.dumps(answer["params"]))
            if answer.get("method") == "Page.javascriptDialogOpening":  # it stops all else
                self.asked.append(answer["params"]["message"])
                self._send("Page.handleJavaScriptDialog", {"accept": True})
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def _send(self, method: str, params: dict[str, Any]) -> int:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        return self._number

    def _next(self) -> bytes:
        pieces = []
        while (byte := self._answers.read(1)) != b"\0":
            if not byte:
                raise RuntimeError("Chromium has ended")
            pieces.append(byte)
        return b"".join(pieces)
