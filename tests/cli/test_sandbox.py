"""`wa-bulk sandbox`: the numbers with a fault of their own."""

from tests.cli.conftest import Folder
from wa_bulk.cli import exits


def test_the_numbers_with_faults_are_listed(folder: Folder) -> None:
    result = folder.run("sandbox", "--numbers")

    assert result.exit_code == exits.FINISHED
    assert "+99900000012  reset-after" in result.stdout
