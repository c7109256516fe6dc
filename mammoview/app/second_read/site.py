"""How a site reads: by one reader or two, and when another one decides."""

from __future__ import annotations

from dataclasses import dataclass

from mammoview.app import resources
from mammoview.review.discordance import Policy, load_policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """``double`` tells whether two readers read each examination; ``policy`` what is arbitrated."""

    double: bool
    policy: Policy


def site_of(*, double: bool, policy: str) -> Site:
    """Return how a site reads, by the name of a policy that ships with the program.

    Raises
    ------
    MissingPartError
        If there is none of that name.
    SettingsError
        If its file is damaged.
    """
    return Site(double=double, policy=load_policy(resources.arbitration(policy)))
