"""What a guard is built of, whichever protocol its app speaks: checked once, then only read."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from ..calling import can_take, signature_of
from ..enforcer import Enforcer
from ..errors import ConfigurationError
from ..guard.verdict import Override
from ..policy.addresses import is_under
from ..policy.policy import Policy
from .order import layers, warn_of_order

if TYPE_CHECKING:
    from ..visitor.plans import Plans

KEY = "cookieguard.visit"
# Where the guard itself is mounted: a dispatcher below it lengthens the prefix.
ROOT_KEY = "cookieguard.root"

TWO_GUARDS = (
    "two guards stand around one app, and the inner one can't tell what the outer keeps; take one away"
)

App = TypeVar("App")


class Guarded(Generic[App]):
    """An app, and all that the requests to it share.

    `secret_key` is 16 bytes or more, or a list of such keys, oldest first. `override` has the last
    word over each cookie. `templates` is a folder of templates that replace the shipped ones. `clock`
    returns POSIX seconds. ConfigurationError says what is wrong, before the first request.
    """

    takes: ClassVar[tuple[str, ...]]
    """What an app of this protocol is called with."""
    otherwise: ClassVar[str]
    """What to do with an app of the other protocol."""
    behind_proxies: ClassVar[bool] = False
    """Whether something around it tells it the scheme, whatever stands inside."""

    def __init__(
        self,
        app: App,
        policy: Policy,
        *,
        secret_key: str | bytes | Sequence[str | bytes],
        override: Override | None = None,
        templates: str | PathLike[str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not isinstance(policy, Policy):
            raise ConfigurationError(
                "cookieguard.E005",
                f"policy is {type(policy).__name__}; give a Policy, as Policy.from_file('cookies.toml') does",
            )
        for name, given in (("app", app), ("override", override)):
            if not callable(given) and not (name == "override" and given is None):
                raise ConfigurationError(
                    "cookieguard.E007", f"{name} is {type(given).__name__}; give a callable"
                )
        _refuse_second_guard(app)
        self._refuse_other_protocol(app)
        if not self.behind_proxies:
            warn_of_order(app)
        self.app = app
        self.enforcer = Enforcer(policy, secret_key=secret_key, override=override, clock=clock)
        # Templates and languages take longer to load than all else, and who only classifies needs neither.
        from ..visitor.desk import Desk
        from ..visitor.plans import Plans

        self._desk = Desk(self.enforcer, templates)
        plans = Plans(self.enforcer)
        self._plans: Plans | None = plans if plans.any else None
        leaves_alone = self.enforcer.mode == "off" or policy.guard.exclude
        # Nearly every request is the app's, and this must tell so in no time.
        self._special: Container[str] = _Everything() if leaves_alone else self._desk.paths

    def _excludes(self, path: str | None) -> bool:
        """Tell whether a request to this path, decoded and from the server's root, is left alone."""
        return self.enforcer.mode == "off" or (
            path is not None and is_under(path, self.enforcer.policy.guard.exclude)
        )

    def _refuse_other_protocol(self, app: Any) -> None:
        if not can_take(app, *self.takes):
            wanted, takes = ", ".join(self.takes), signature_of(app)
            raise ConfigurationError(
                "cookieguard.E007", f"app can't be called with ({wanted}), but with {takes}; {self.otherwise}"
            )


class _Everything:
    def __contains__(self, path: object) -> bool:
        return True


def _refuse_second_guard(app: Any) -> None:
    if find_guard(app) is not None:
        raise ConfigurationError("cookieguard.E006", TWO_GUARDS)


def find_guard(app: Any) -> Guarded[Any] | None:
    """Return the guard that an app is or wraps, as far as that can be seen."""
    return next((layer for layer in layers(app, direct=True) if isinstance(layer, Guarded)), None)
