"""How a page looks and works for people: axe-core, computed style, focus, layout shift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

STYLE = (
    "font-size",
    "font-weight",
    "font-family",
    "font-style",
    "text-transform",
    "text-decoration-line",
    "letter-spacing",
    "color",
    "background-color",
    "background-image",
    "border-top-color",
    "border-top-width",
    "border-top-style",
    "border-top-left-radius",
    "box-shadow",
    "opacity",
    "padding",
    "width",
    "height",
    "cursor",
)
_LOOK = """(element, names) => {
  const style = getComputedStyle(element);
  return Object.fromEntries(names.map(name => [name, style.getPropertyValue(name)]));
}"""
_SHIFT = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => list.getEntries().forEach(entry => { sum += entry.value; }))
    .observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => setTimeout(() => done(sum), 50));
})"""
_FOCUSED = """element => element === document.activeElement"""


def axe(page: Page) -> list[str]:
    """Name what axe-core finds wrong with a page: the rule, what it asks for, and where."""
    from axe_playwright_python.sync_playwright import Axe

    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{violation['id']}: {violation['help']}: "
        + "; ".join(" ".join(map(str, node["target"])) for node in violation["nodes"][:5])
        for violation in found
    ]


def look(locator: Locator, names: tuple[str, ...] = STYLE) -> dict[str, str]:
    """Return the computed style of an element, all that a person would see of a button."""
    style: dict[str, str] = locator.evaluate(_LOOK, list(names))
    return style


def layout_shift(page: Page) -> float:
    """Return by how much the page's content jumped so far (Cumulative Layout Shift)."""
    return float(page.evaluate(_SHIFT))


def tab_to(page: Page, target: Locator, *, most: int = 60) -> int:
    """Press Tab until the target has the focus, and return how often."""
    for count in range(1, most + 1):
        page.keyboard.press("Tab")
        if target.evaluate(_FOCUSED):
            return count
    raise AssertionError(f"Tab doesn't reach {target}")


def focus_is_seen(locator: Locator) -> bool:
    """Tell whether a focused element is marked by an outline."""
    style = look(locator, ("outline-style", "outline-width"))
    return style["outline-style"] != "none" and style["outline-width"] != "0px"
