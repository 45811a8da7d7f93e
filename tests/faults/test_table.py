"""The table of rows is what the tests say, and the generator finds what is wrong."""

import importlib.machinery
import importlib.util
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
_loader = importlib.machinery.SourceFileLoader("fault_table", str(HERE / "table"))
table = importlib.util.module_from_spec(
    importlib.util.spec_from_loader("fault_table", _loader))
_loader.exec_module(table)

ROWS = [table.Row("D1", "one", "-", "-"), table.Row("D2", "two", "n", "no such thing")]

# what is planted -> what has to be said about it
PLANTED = {
    "a row that is none": ("# rows: D9\n# broken: x\ndef test_a():\n", "called 'D9'"),
    "nothing broken": ("# rows: D1\ndef test_a():\n", "`broken:` is missing"),
    "an empty broken": ("# rows: D1\n# broken:\ndef test_a():\n", "`broken:` is missing"),
    "no row": ("# rows:\n# broken: x\ndef test_a():\n", "without a row"),
    "no test": ("# rows: D1\n# broken: x\nx = 1\n", "no test stands below"),
    "a test of another": ("/* rows: D1\n * broken: x */\n/* rows: D1\n * broken: y */\n"
                          "TEST(a)\n", "no test stands below"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_wrong_comment_is_found(name):
    text, says = PLANTED[name]
    said = list(table.wrong_comments(table.tests_in("t", text), ROWS))
    assert any(says in line for line in said), said


@pytest.mark.parametrize("text", [
    "# rows: D1, D2\n# broken: x took\n#   long\n@pytest.mark.long\ndef test_a(x):\n",
    "/* rows: D1,\n *       D2\n * broken: x took\n * long */\nTEST_ALLOC(test_a)\n",
    "/*\n * About it.\n * rows: D1 D2\n * broken: x took long\n */\nTEST(test_a)\n{",
    "// rows: D1, D2\n// broken: x took long\nTEST(test_a)\n",
    "  -- rows: D1, D2\n  -- broken: x took long\n  it(\"test_a\", function()\n"],
    ids=["python", "c", "c-long", "c-lines", "lua"])
def test_a_right_comment_is_read(text):
    found, = table.tests_in("t", text)
    assert (found.name, found.rows, found.broken) == (
        "test_a", ["D1", "D2"], "x took long")
    assert not list(table.wrong_comments([found], ROWS))


def test_a_row_has_a_test_or_a_reason_and_not_both():
    assert table.open_rows(ROWS, {}) == ["D1"]
    assert table.open_rows(ROWS, {"D1": 1}) == []
    assert "reason for having none" in next(table.wrong_rows(ROWS, {"D2": 1}))
    assert "twice" in next(table.wrong_rows(ROWS[:1] * 2, {}))


def test_figures_are_taken_over(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1.tsv").write_text("D2\tn\t1\nD1\tseconds\t3\nD2\tn\t2\n")
    for _ in range(2):
        table.take_over(tmp_path / "in", tmp_path / "figures.tsv")
    figures = table.read_tsv(tmp_path / "figures.tsv", table.Figure)
    assert [(f.row, f.what, f.value) for f in figures] == [
        ("D1", "seconds", "3"), ("D2", "n", "2")]
    assert "n: 2 (" in table.table(ROWS[1:] + [ROWS[0]], [], figures)


def test_the_table_is_what_the_tests_say():
    done = subprocess.run([HERE / "table", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
