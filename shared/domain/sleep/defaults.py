"""What an owner decided once for all instances to come."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.domain.ids import UserId
from shared.domain.instances.policies import HibernationPolicy


@dataclass(frozen=True, slots=True)
class SleepDefaults:
    owner: UserId
    hibernation: HibernationPolicy = field(default_factory=HibernationPolicy)
