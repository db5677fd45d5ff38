"""What an owner decided once for all instances to come."""

from __future__ import annotations

from dataclasses import field

from shared.domain.frozen import dataclass
from shared.domain.ids import UserId
from shared.domain.instances.policies import HibernationPolicy


@dataclass(frozen=True, slots=True)
class SleepDefaults:
    owner: UserId
    hibernation: HibernationPolicy = field(default_factory=HibernationPolicy)
