"""A person's screen: one page of a real browser, watched. Whatever it opens must leave the
console silent, break no security policy, ask nothing of the outside and satisfy axe."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, ConsoleMessage, Error, Locator, Page, Route

from portal.config import HTMX_URL

NODE_MODULES = Path(__file__).parent.parent / "node_modules"
HTMX_FILE = NODE_MODULES / "htmx.org/dist/htmx.min.js"
AXE_FILE = NODE_MODULES / "axe-core/axe.min.js"

Theme = Literal["light", "dark"]
HEIGHT = 900

REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`against the policy: ${event.violatedDirective} ${event.blockedURI}`));
"""
# A mail in its frame is another document, which has no script and so can't be asked.
RUN_AXE = """async () => (await axe.run(document, {
  iframes: false,
  resultTypes: ["violations"],
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
})).violations.flatMap((rule) => rule.nodes.map((node) =>
  `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary}`))"""
WIDER_THAN_WINDOW = """() => [...document.querySelectorAll("body *")]
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
  .map((element) => `${element.tagName}.${element.className}`)"""
ANSWERED = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")


@cache
def _axe() -> str:
    return AXE_FILE.read_text()


class Screen:
    """One page in a browser of its own, without anybody else's cookies."""

    def __init__(
        self,
        browser: Browser,
        address: str,
        *,
        theme: Theme = "light",
        width: int = 1440,
        language: str = "en",
        javascript: bool = True,
        cdn: bool = True,
    ) -> None:
        self.address = address
        self.problems: list[str] = []
        self._javascript, self._cdn = javascript, cdn
        self._context = browser.new_context(
            base_url=address,
            color_scheme=theme,
            viewport={"width": width, "height": HEIGHT},
            locale=language,
            java_script_enabled=javascript,
            reduced_motion="reduce",
        )
        self._context.set_default_timeout(10_000)
        self._context.add_init_script(REPORT_VIOLATIONS)
        self._context.route(re.compile(rf"^(?!{re.escape(address)}/)"), self._answer_outside)
        self.page: Page = self._context.new_page()
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))

    def close(self) -> None:
        self._context.close()

    def keep_session(self, name: str, cookie: str) -> None:
        """Be signed in by the portal's cookie."""
        self._context.add_cookies([{"name": name, "value": cookie, "url": self.address}])

    def open(self, path: str, status: int = 200) -> Page:
        """Go to a page, which must answer so, and look at it."""
        response = self.page.goto(path)
        assert response
        assert response.status == status, f"{path} answered {response.status}"
        self.look(status)
        return self.page

    def press(self, control: Locator, status: int = 200) -> Page:
        """Press what leads to another page, and look at that."""
        return self._follow(control.click, status)

    def press_enter(self, status: int = 200) -> Page:
        """The same by keyboard, for what has the focus."""
        return self._follow(lambda: self.page.keyboard.press("Enter"), status)

    def _follow(self, act: Callable[[], None], status: int) -> Page:
        with self.page.expect_navigation() as navigation:
            act()
        assert navigation.value
        said = self.page.locator(".invalid-feedback").all_inner_texts()
        assert navigation.value.status == status, f"{navigation.value.status}: {said}"
        self.look(status)
        return self.page

    def look(self, status: int = 200) -> None:
        """Fail on anything that is wrong with what is shown now. The browser itself reports a
        page that answers with an error: that one report, with its status, is no problem."""
        expected = f"{status} {self.page.url}"
        wrong = [problem for problem in self.problems if problem != expected]
        self.problems.clear()
        if self._javascript:
            wrong += self._ask_axe()
        assert not wrong, "\n".join([self.page.url, *wrong])

    def change(self, theme: Theme, width: int) -> None:
        """Another theme and width for the page that is open."""
        self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        self.page.set_viewport_size({"width": width, "height": HEIGHT})

    def wider_than_window(self) -> list[str]:
        """What would make a person scroll sideways; what scrolls in a box of its own may."""
        if self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            return []
        found: list[str] = self.page.evaluate(WIDER_THAN_WINDOW)
        return found

    def _ask_axe(self) -> list[str]:
        """The rules that the page breaks. A page that is just being replaced is asked again."""
        for _attempt in range(3):
            try:
                self.page.wait_for_load_state()
                self.page.evaluate(f"window.axe || (() => {{ {_axe()} }})()")
                found: list[str] = self.page.evaluate(RUN_AXE)
                return found
            except Error as error:
                if "context was destroyed" not in error.message:
                    raise
        return ["the page keeps being replaced"]

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        place = message.location["url"]
        if not self._cdn and place == HTMX_URL:
            return
        answered = ANSWERED.match(message.text)
        self.problems.append(
            f"{answered[1]} {place}" if answered else f"{message.type}: {message.text} ({place})"
        )

    def _answer_outside(self, route: Route) -> None:
        """htmx comes from its package; nothing else is let through."""
        if route.request.url != HTMX_URL:
            self.problems.append(f"a request to the outside: {route.request.url}")
        elif self._cdn:
            headers: dict[str, Any] = {"Access-Control-Allow-Origin": "*"}
            route.fulfill(path=HTMX_FILE, content_type="text/javascript", headers=headers)
            return
        route.abort()
