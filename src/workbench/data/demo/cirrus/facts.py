"""What is planted in Cirrus Cloud: churn, support desk, experiment, kinds of customers."""

from __future__ import annotations

from workbench.data.demo.subscriptions import Churn
from workbench.data.demo.support import Desk

__all__ = [
    "CHANNELS",
    "CHURN",
    "COUNTRIES",
    "DAYS",
    "DESK",
    "EASE",
    "INDUSTRIES",
    "PLAN_SHARES",
    "REASONS",
    "TRIAL_AGO",
    "TRIAL_DAYS",
    "VARIANTS",
    "WEEKDAYS",
    "WINDOW",
]

CHURN = Churn(
    alpha=0.9,
    beta=22.0,
    per_ticket=0.50,
    team=-0.25,
    business=-0.60,
    paid_search=0.30,
    payment_failed=0.006,
    upgrade=0.012,
    downgrade=0.005,
    come_back=0.08,
    tickets_shape=0.9,
    tickets_mean=0.28,
)
DAYS = 912
WEEKDAYS = (1.2, 1.25, 1.2, 1.1, 0.95, 0.35, 0.3)
PLAN_SHARES = (0.55, 0.32, 0.13)
CHANNELS = (("organic", 0.35), ("paid_search", 0.25), ("partner", 0.2), ("event", 0.2))
COUNTRIES = (
    ("DE", 0.30),
    ("GB", 0.20),
    ("FR", 0.15),
    ("NL", 0.10),
    ("IE", 0.10),
    ("PK", 0.08),
    ("AE", 0.07),
)
INDUSTRIES = (("retail", 0.3), ("health", 0.2), ("education", 0.2), ("logistics", 0.3))
REASONS = (
    ("price", 0.30),
    ("no_longer_needed", 0.26),
    ("missing_feature", 0.20),
    ("competitor", 0.16),
    ("support", 0.08),
)
"""Why customers leave by choice; a failed payment is another matter."""

DESK = Desk(
    topics={
        "sign-in": (0.22, "First line", 3.0),
        "billing": (0.20, "Accounts", 14.0),
        "slow response": (0.18, "Platform", 30.0),
        "data import": (0.20, "Platform", 40.0),
        "how to": (0.20, "First line", 5.0),
    },
    vias=(("email", 0.35), ("chat", 0.45), ("phone", 0.20)),
)

VARIANTS = ("no_reminder", "reminder")
TRIAL_AGO, TRIAL_DAYS = 120, 14
"""How many days before ``as_of`` assigning began, and over how many days it ran."""

WINDOW = 60
"""Days after assignment in which the reminder works and the outcome is counted."""

EASE = -0.75
"""Added to the score of a reminded customer: the hazard of leaving is multiplied by 0.47."""
