"""What the demo's models learn from: made-up customers, borrowers, days and houses, with noise that no model removes.

Nothing is downloaded. The same seed gives the same rows.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.demo.tickets import TOPICS, write_tickets

Array = Any
"""A numpy array; its shape and type say more than its annotation could."""

HELD_OUT = 0.25


@dataclass(frozen=True)
class Table:
    """Rows to learn from and rows held out; `classes` is empty where a number is predicted."""

    name: str
    target: str
    features: tuple[str, ...]
    classes: tuple[str, ...]
    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array
    vectorizer: Any = None
    """Fitted, where the features are the words of a text."""
    example: str = ""

    @property
    def digest(self) -> str:
        content = np.ascontiguousarray(self.x_train).tobytes() + np.ascontiguousarray(self.y_train).tobytes()
        return hashlib.sha256(content).hexdigest()[:8]


def churn(seed: int) -> Table:
    """Customers of a telephone company, and whether they leave within a quarter."""
    rng = np.random.default_rng(seed)
    n = 1600
    tenure, charge = rng.gamma(2.0, 14.0, n), rng.normal(48, 14, n).clip(9, 110)
    calls, late = rng.poisson(1.3, n), rng.poisson(0.5, n)
    contract, autopay = rng.choice([1, 12, 24], n, p=[0.5, 0.3, 0.2]), rng.integers(0, 2, n)
    logins, discount = rng.gamma(2.5, 2.0, n), rng.choice([0, 5, 10, 20], n, p=[0.6, 0.2, 0.1, 0.1])
    gigabytes, app = rng.gamma(2.0, 5.0, n), rng.integers(0, 2, n)
    inclination = (
        -0.9 - 0.045 * tenure + 0.03 * (charge - 48) + 0.55 * calls + 0.5 * late - 0.06 * contract
        - 0.4 * autopay + 1.6 * (calls > 2) * (contract == 1) - 0.03 * discount
        + 1.1 * (np.abs(logins - 5) > 3) - 1.3 * (tenure > 30) * (charge < 45) + 0.4
    )  # fmt: skip
    columns = {
        "tenure_months": tenure, "monthly_charge": charge, "support_calls": calls, "late_payments": late,
        "contract_months": contract, "is_autopay": autopay, "logins_per_week": logins, "discount_percent": discount,
        "data_gb": gigabytes, "has_app": app,
    }  # fmt: skip
    return _split(("churn-customers", "churned"), columns, _drawn(rng, inclination), ("stays", "leaves"), rng)


def credit(seed: int) -> Table:
    """Borrowers, and whether they default within two years."""
    rng = np.random.default_rng(seed + 1)
    n = 1600
    income, age = rng.lognormal(10.4, 0.45, n), rng.normal(43, 12, n).clip(19, 82)
    debt, used = rng.beta(2, 4, n), rng.beta(2, 3, n)
    missed, lines = rng.poisson(0.6, n), rng.poisson(3.5, n)
    years, amount = rng.gamma(2.0, 4.0, n), rng.lognormal(9.3, 0.6, n)
    term, savings = rng.choice([12, 24, 36, 60], n), rng.lognormal(8.2, 1.1, n)
    burden = amount / income / (term / 12)
    inclination = (
        -3.0 + 2.6 * debt + 1.9 * used + 0.75 * missed - 0.05 * years + 1.4 * burden
        - 0.25 * np.log(savings / 3000) + 2.4 * (used > 0.6) * (missed > 0) + 1.5 * (np.abs(age - 45) > 17) - 0.6
    )  # fmt: skip
    columns = {
        "income": income, "age": age, "debt_ratio": debt, "utilisation": used, "missed_payments": missed,
        "credit_lines": lines, "employment_years": years, "loan_amount": amount, "term_months": term,
        "savings": savings,
    }  # fmt: skip
    return _split(("loan-book", "defaulted"), columns, _drawn(rng, inclination), ("repays", "defaults"), rng)


def demand(seed: int) -> Table:
    """Units that a shop sells on a day: season, week, promotions, what it sold before. The last days are held out."""
    rng = np.random.default_rng(seed + 2)
    days = 1300
    day = np.arange(days)
    promotion, holiday = rng.random(days) < 0.12, rng.random(days) < 0.03
    price = 4.0 + 0.4 * np.sin(day / 90) - 0.8 * promotion + rng.normal(0, 0.05, days)
    mean = 120 + 0.03 * day + 22 * np.sin(2 * np.pi * day / 365) + 18 * np.isin(day % 7, (4, 5)) - 16 * (price - 4)
    units = np.zeros(days)
    for today in day:  # what is sold today hangs on what was sold yesterday
        before = units[today - 1] if today else mean[0]
        units[today] = 0.7 * (mean[today] + 25 * promotion[today] - 60 * holiday[today]) + 0.3 * before
        units[today] = max(0.0, round(units[today] + rng.normal(0, 9)))
    lagged = {f"units_{lag}_days_ago": np.roll(units, lag) for lag in (1, 2, 7, 14, 28)}
    week = np.convolve(units, np.ones(7) / 7)[:days]
    columns = {
        **lagged, "mean_of_week": np.roll(week, 1), "weekday_sin": np.sin(2 * np.pi * day / 7),
        "weekday_cos": np.cos(2 * np.pi * day / 7), "season_sin": np.sin(2 * np.pi * day / 365),
        "season_cos": np.cos(2 * np.pi * day / 365), "is_promotion": promotion, "is_holiday": holiday, "price": price,
    }  # fmt: skip
    usable = slice(28, None)
    return _split(("daily-sales", "units"), {key: column[usable] for key, column in columns.items()}, units[usable])


def houses(seed: int) -> Table:
    """Houses that were sold, and for how many thousand."""
    rng = np.random.default_rng(seed + 3)
    n = 1400
    area, distance = rng.lognormal(4.7, 0.3, n), rng.gamma(2.0, 4.0, n)
    age, floor, school = rng.gamma(2.0, 18.0, n), rng.integers(0, 8, n), rng.normal(6.5, 1.5, n).clip(1, 10)
    rooms = (area / 26 + rng.normal(0, 0.7, n)).round().clip(1, 9)
    garden, energy, noise = rng.integers(0, 2, n), rng.integers(1, 8, n), rng.normal(54, 6, n)
    price = (
        2.6 * area * np.exp(-0.045 * distance) + 14 * rooms + 9 * school + 32 * garden * (distance > 5)
        - 6 * energy - 0.45 * age + 0.004 * (age - 40).clip(0) ** 2 - 1.1 * (noise - 54) + rng.normal(0, 22, n) + 90
    )  # fmt: skip
    columns = {
        "area_m2": area, "rooms": rooms, "age_years": age, "km_to_centre": distance, "floor": floor,
        "has_garden": garden, "energy_class": energy, "school_score": school, "noise_db": noise,
    }  # fmt: skip
    return _split(("sold-houses", "price_thousand"), columns, price, (), rng)


def tickets(seed: int) -> Table:
    """What customers write to support, and which team should answer."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415  slow to load, and needed here alone

    rng = np.random.default_rng(seed + 4)
    texts, topics = write_tickets(rng, 1100)
    y = np.array([TOPICS.index(topic) for topic in topics])
    cut = int(len(texts) * (1 - HELD_OUT))
    vectorizer = TfidfVectorizer(max_features=220, sublinear_tf=True)
    x_train = vectorizer.fit_transform(texts[:cut]).toarray()
    x_test = vectorizer.transform(texts[cut:]).toarray()
    words = tuple(vectorizer.get_feature_names_out())
    return Table(
        "support-tickets", "topic", words, TOPICS, x_train, y[:cut], x_test, y[cut:], vectorizer, example=texts[cut]
    )


def _drawn(rng: np.random.Generator, inclination: Array) -> Array:
    """Yes or no by chance, so that the best model there could be is wrong at times, too."""
    return (rng.random(len(inclination)) < 1 / (1 + np.exp(-inclination))).astype(int)


def _split(
    named: tuple[str, str],
    columns: dict[str, Array],
    y: Array,
    classes: tuple[str, ...] = (),
    rng: np.random.Generator | None = None,
) -> Table:
    """Hold rows out: by chance, or, without `rng`, the last ones."""
    x = np.column_stack([np.asarray(column, dtype=float) for column in columns.values()])
    order = np.arange(len(y)) if rng is None else rng.permutation(len(y))
    cut = int(len(y) * (1 - HELD_OUT))
    first, rest = order[:cut], order[cut:]
    return Table(*named, tuple(columns), classes, x[first], y[first], x[rest], y[rest])
