import csv
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwright.corpus.readers.found import Failed, Found
from chatwright.corpus.readers.settings import Columns, Limits
from chatwright.corpus.readers.stream import Reading, Source, Stream
from chatwright.corpus.readers.table import Table
from tests.corpus.readers.reading import read, rules, texts, written


@given(st.lists(st.lists(st.text(alphabet='ab,"\n;é', max_size=9), min_size=3, max_size=3), min_size=1, max_size=6))
def test_what_the_csv_module_writes_is_read(rows: list[list[str]]) -> None:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    source = Source("a", Stream(io.BytesIO(file.getvalue().encode()).read), Reading(Limits(), Columns()))
    assert list(Table(source, ",").rows) == rows


def test_ragged_rows_and_open_quotes_cost_themselves(tmp_path: Path) -> None:
    table = 'text,url\none,u\ntwo\nthree,u,v\n"fo,\nur",u\n"never closed,u\nsix,u\n5" disk,u\n'
    results = read(written(tmp_path, "a.csv", table))
    assert rules(results)[:2] == ["row has other columns than the header"] * 2
    assert texts(results)[:2] == ["one", "fo,\nur"]
    results = read(written(tmp_path, "b.csv", 'text,url\n"never closed,u\nsix,u\nseven,u\n'))
    assert texts(results) == ["six", "seven"] and rules(results) == ["quote that is never closed"]
    assert [result.origin for result in results] == ["b.csv#1", "b.csv#2", "b.csv#3"]
    assert results[1] == Found("b.csv#2", 1, "text", "six", url="u")


def test_delimiters_headers_and_tabs(tmp_path: Path) -> None:
    assert texts(read(written(tmp_path, "a.csv", "id;Text\r\n1;one, two\r\n"))) == ["one, two"]
    results = read(written(tmp_path, "b.tsv", 'text\tlabel\n"open quote\t1\n"a\tb"\t2\n'))
    assert texts(results) == ['"open quote', "a\tb"] and not rules(results)
    (failed,) = read(written(tmp_path, "c.csv", "a,b\n1,2\n3,4\n"))
    assert isinstance(failed, Failed) and (failed.rule, failed.why) == ("no text column", "columns: a, b")
    assert texts(read(tmp_path / "c.csv", {"text": "b"})) == ["2", "4"]
    assert texts(read(written(tmp_path, "d.csv", "instruction,output\nSing,La\n"))) == ["Sing\n\nLa"]
    long = "x" * 300_000  # more than the csv module takes
    assert texts(read(written(tmp_path, "e.csv", f'text,n\n"{long}",1\n'))) == [long]


def table(count: int) -> pa.Table:
    rows = [{"text": f"row {number}", "url": f"http://{number}", "n": number} for number in range(count)]
    return pa.Table.from_pylist(rows)


def test_parquet_is_read_group_by_group(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(table(5000), path, row_group_size=1000)
    results = read(path)
    assert texts(results) == [f"row {number}" for number in range(5000)]
    assert results[1500] == Found("a.parquet#1501", 1500, "text", "row 1500", url="http://1500")


def test_a_broken_group_costs_its_own_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(table(5000), path, row_group_size=1000)
    data = bytearray(path.read_bytes())
    start = pq.ParquetFile(path).metadata.row_group(2).column(0).dictionary_page_offset
    data[start : start + 400] = bytes(400)
    results = read(written(tmp_path, "b.parquet", bytes(data)))
    assert len(texts(results)) == 4000 and rules(results) == ["broken row group"]
    assert results[-1].origin == "b.parquet#5000"
    assert rules(read(written(tmp_path, "c.parquet", bytes(data[:-100])))) == ["broken parquet"]
    assert rules(read(written(tmp_path, "d.parquet", b"PAR1"))) == ["broken parquet"]
    pq.write_table(pa.table({"a": [1]}), path)
    assert rules(read(path)) == ["no text column"]


@pytest.mark.parametrize("repeated", [True, False])
def test_parquet_bombs_and_conversations(tmp_path: Path, repeated: bool) -> None:
    path = tmp_path / "a.parquet"
    if repeated:
        pq.write_table(pa.table({"text": [str(number) * 1_000_000 for number in range(9)]}), path, compression="zstd")
        assert rules(read(path)) == ["compressed more than 200 times"]
    else:
        turns = [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]
        pq.write_table(pa.Table.from_pylist([{"messages": turns}, {"messages": []}]), path)
        results = read(path)
        assert texts(results) == ["Q\n\nA"] and rules(results) == ["row has no text"]
