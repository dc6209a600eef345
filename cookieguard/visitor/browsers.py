"""Where the browsers' own makers say how to see, delete and block cookies."""

from __future__ import annotations

from collections.abc import Mapping

# Without a language in the address each answers in the visitor's.
BROWSER_HELP: Mapping[str, str] = {
    "Chrome": "https://support.google.com/chrome/answer/95647",
    "Edge": "https://support.microsoft.com/microsoft-edge/"
    "delete-cookies-in-microsoft-edge-63947406-40ac-c3b8-57b9-2a946a29ae09",
    "Firefox": "https://support.mozilla.org/kb/clear-cookies-and-site-data-firefox",
    "Safari (macOS)": "https://support.apple.com/guide/safari/sfri11471/mac",
    "Safari (iOS, iPadOS)": "https://support.apple.com/105082",
}
