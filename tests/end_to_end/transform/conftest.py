"""What is made once for the tests of `transform/`."""

from __future__ import annotations

import pytest

from tests.end_to_end.commands import Commands
from tests.end_to_end.transform.dbt import Dbt


@pytest.fixture(scope="session")
def dbt(commands: Commands, tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    """The command ``dbt``, which starts at once."""
    return Dbt((str(commands.folder / "dbt"),), tmp_path_factory.mktemp("dbt"))
