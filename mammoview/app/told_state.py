"""A frozen state that is replaced as a whole, and the listeners that are told of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    State = TypeVar("State", bound=DataclassInstance)
else:
    State = TypeVar("State")


class ToldState(Generic[State]):
    """What a desk holds; its methods belong to the desk's thread.

    Parameters
    ----------
    state : frozen dataclass
        The first state.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._listeners: list[Callable[[State, State], None]] = []

    @property
    def state(self) -> State:
        """The current state."""
        return self._state

    def subscribe(self, listener: Callable[[State, State], None]) -> None:
        """Call ``listener(old, new)`` after every change."""
        self._listeners.append(listener)

    def unsubscribe(self, listener: Callable[[State, State], None]) -> None:
        """Tell a listener no more."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def _change(self, **changes: Any) -> None:
        old, self._state = self._state, replace(self._state, **changes)
        for listener in tuple(self._listeners):
            listener(old, self._state)

    def _tell_nobody(self) -> None:
        """Forget all listeners: the desk is closed."""
        self._listeners.clear()
