"""The suite of the Telco data: published figures, and the propensity beside a plain regression."""

from __future__ import annotations

import re
import shutil
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from sklearn.metrics import log_loss, roc_auc_score

from workbench.data import open_unit
from workbench.retention.propensity.facts import LEVEL, Tables
from workbench.retention.propensity.study import Propensity, who_leaves
from workbench.suite.run import Choice, run
from workbench.workspace import Workspace

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture(scope="module")
def folder(workbench_data: Path, project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with the suite's run."""
    root = tmp_path_factory.mktemp("telco")
    shutil.copytree(project / "params/telco", root / "params/telco")
    shutil.copytree(project / "notebooks", root / "notebooks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_DATA", str(workbench_data))
        result = run(Workspace(root), "telco", Choice(renderer="embedded"))
    assert result.exit_code == 0
    return root


@pytest.fixture(scope="module")
def found(folder: Path) -> Propensity:
    """Return the study as the notebook computes it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_ROOT", str(folder))
        data = open_unit("telco", "telephone")
        tables = Tables(
            subscriptions=data.table("subscriptions"), customers=data.table("customers")
        )
        return who_leaves(
            tables,
            as_of=data.as_of,
            days=90,
            seed=data.seed,
            min_group=data.min_group,
            currency=data.currency,
            by=("plan",),
            left="Churn",
        )


def test_the_published_shares(found: Propensity) -> None:
    rows = found.panel.part("train", "calibrate", "test")
    assert len(rows) == 7043
    assert rows["left"].sum() == 1869
    assert f"{rows['left'].mean():.2%}" == "26.54%"
    by = rows.groupby("Contract")["left"].mean()
    assert f"{by['Month-to-month']:.2%}" == "42.71%"
    assert f"{by['One year']:.2%}" == "11.27%"
    assert f"{by['Two year']:.2%}" == "2.83%"
    assert f"{rows['tenure'].mean():.2f}" == "32.37"
    refused = found.not_used()["column"].tolist()
    assert "Churn" in refused


def plain(found: Propensity) -> tuple[np.ndarray, np.ndarray]:
    """Return outcomes and probabilities of a plain logistic regression on the same split."""
    rows = found.panel.part("train", "calibrate", "test")
    columns = []
    for fact in found.panel.facts:
        column = rows[fact.name]
        if fact.kind == LEVEL:
            columns.append(pd.get_dummies(column, prefix=fact.name, drop_first=True, dtype=float))
        else:
            columns.append(column.fillna(0.0).to_frame())
    x = pd.concat(columns, axis=1)
    x = x.loc[:, ~x.T.duplicated()]  # "no internet service" stands in seven columns
    x = (x - x.mean()) / x.std()
    x = sm.add_constant(x)
    train = (rows["part"] != "test").to_numpy()
    fitted = sm.Logit(rows["left"][train], x[train]).fit(disp=0)
    test = (rows["part"] == "test").to_numpy()
    return rows["left"][test].to_numpy(), fitted.predict(x[test]).to_numpy()


def test_beside_a_plain_logistic_regression_on_the_same_split(found: Propensity) -> None:
    left, said = plain(found)
    assert found.fit is not None
    chosen = found.fit.chosen.quality
    print(f"AUC {chosen.auc.value:.4f} and {roc_auc_score(left, said):.4f}")
    assert np.array_equal(left, found.fit.left)
    assert chosen.auc.value is not None
    assert chosen.log_loss.value is not None
    print(f"log loss {chosen.log_loss.value:.4f} and {log_loss(left, said):.4f}")
    # The plain one learned from a third more customers: those that set our probabilities.
    assert chosen.auc.value > roc_auc_score(left, said) - 0.005
    assert chosen.log_loss.value < log_loss(left, said) + 0.005


def test_the_page_states_them(folder: Path) -> None:
    (page,) = folder.glob("reports/telco/telephone/*/retention.html")
    text = " ".join(unescape(re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8"))).split())
    for figure in ("one snapshot without history", "dealt by lot", "times the average", "7,043"):
        assert figure in text, figure
    # A snapshot holds nobody who left before it; and a longer contract's effect is not the same
    # in the first days and afterwards.
    for told in (
        "No end before 30 Jun 2018 is in the data",
        "in the first 304 days, and afterwards",
    ):
        assert told in text, told
    (table,) = folder.glob("reports/telco/telephone/*/tables/retention-drivers-over-time.csv")
    rows = pd.read_csv(table).set_index("Value")
    assert rows.loc["One year"].filter(like="Afterwards").iloc[0] == pytest.approx(0.17, abs=0.01)
