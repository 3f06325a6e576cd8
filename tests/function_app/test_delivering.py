"""A catalogue is sent to Digible in batches of 200, in order, and its record says how far it is."""

import gzip
import json
import threading
from collections.abc import Sequence

import pytest

from contract.blobs import CatalogMetadata, StoreName
from contract.product import Product, Rejection, Stage
from contract.run import RunState
from function_app.answers import Accepted
from function_app.options import UploadOptions
from tests.function_app.world import OK, World, assert_all_accepted, ids, rows


def test_all_products_are_accepted_in_batches_of_200_in_order(world: World) -> None:
    run = world.upload(world.put(450))
    assert_all_accepted(world, run, [ids(1, 200), ids(201, 400), ids(401, 450)])
    assert run.message == "All 450 products were accepted by Digible."
    assert (run.batches_acknowledged, run.batches_total, run.attempt) == (3, 3, 1)


def test_the_record_is_saved_before_the_next_batch_is_sent(world: World) -> None:
    world.upload(world.put(600))
    steps = [step for step in world.steps.names if "P" in step or "after sending was" in step]
    assert steps[-9:] == [
        *("before P1 is sent", "after P1 was sent", "after sending was saved with 200 accepted"),
        *(
            "before P201 is sent",
            "after P201 was sent",
            "after sending was saved with 400 accepted",
        ),
        *(
            "before P401 is sent",
            "after P401 was sent",
            "after sending was saved with 600 accepted",
        ),
    ]


def test_every_saved_record_says_where_the_run_is(world: World) -> None:
    world.upload(world.put(300))
    saved = [(run.state, run.message, run.accepted, run.not_sent) for run in world.records.saves]
    assert saved == [
        (RunState.SENDING, "Checking the catalogue.", 0, 0),
        (RunState.SENDING, "Checking the catalogue.", 0, 300),
        (RunState.SENDING, "Sending 300 products to Digible.", 0, 300),
        (RunState.SENDING, "Sending 300 products to Digible.", 200, 100),
        (RunState.SENDING, "Sending 300 products to Digible.", 300, 0),
        (RunState.SUCCEEDED, "All 300 products were accepted by Digible.", 300, 0),
    ]


def test_a_product_is_sent_as_it_is_in_the_catalogue(world: World) -> None:
    content = (
        b'[{"ProductID": 7, "ProductName": " Caf\xc3\xa9 ", "SellPrice": 12.50, "Status": 0},'
        b' {"ProductID": "007", "ProductName": "x", "SellPrice": "0.10", "QrCode": "q"}]'
    )
    version = world.catalogs.put("0001/shop.json", content)
    assert world.upload(version).state is RunState.SUCCEEDED
    assert list(world.digible.products.values()) == [
        Product(7, " Café ", "12.50"),
        Product("007", "x", "0.10"),
    ]


def test_a_gzipped_catalogue_of_lines_is_sent_in_the_same_way(world: World) -> None:
    lines = b"\n".join(json.dumps(row).encode() for row in rows(201))
    run = world.upload(world.catalogs.put("0001/shop.jsonl.gz", gzip.compress(lines)))
    assert_all_accepted(world, run, [ids(1, 200), ids(201, 201)])


def test_a_product_that_cannot_be_sent_is_left_out_and_listed(world: World) -> None:
    bad = [{"ProductID": "B1", "ProductName": "x"}, {"ProductName": "y", "SellPrice": 1}]
    run = world.upload(world.put([*rows(199), *bad, *rows(2, first=200)]))
    assert run.state is RunState.COMPLETED_WITH_REJECTIONS
    assert world.digible.accepted == [ids(1, 200), ids(201, 201)]
    assert run.rejections == (
        Rejection("B1", 200, Stage.CATALOG, "SellPrice is missing"),
        Rejection(None, 201, Stage.CATALOG, "ProductID is missing"),
    )
    assert run.message == "201 of 203 products were accepted by Digible, 2 rejected."


def test_the_list_of_rejections_is_capped_but_their_count_is_not(world: World) -> None:
    run = world.upload(world.put([*rows(1), *({"ProductID": n} for n in range(1_500))]))
    assert (run.rejected, len(run.rejections)) == (1_500, 1_000)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty (line 1, column 1)."),
        (b"[]", "It contains no products (line 1, column 1)."),
        (b'{"products": []}', "It contains no products (line 1, column 1)."),
        (b"<html></html>", "This is a web page or XML, not JSON (line 1, column 1)."),
        (gzip.compress(b"[]")[:-9], "The gzip file ends too early: it was cut off on its way"),
        (json.dumps(rows(500)).encode() + b"]", "There is more text after the catalogue's end"),
    ],
    ids=["empty", "no-rows", "no-products", "html", "cut-gzip", "text-after-the-end"],
)
def test_nothing_in_an_invalid_catalogue_is_sent(world: World, content: bytes, reason: str) -> None:
    run = world.upload(world.catalogs.put("0001/shop.json", content))
    assert run.state is RunState.INVALID_CATALOG
    start = f"The catalogue can't be used, so none of it was sent. {reason}"
    assert run.message.startswith(start)
    assert (run.read, world.digible.requests) == (0, [])


NOTHING_TO_SEND = {
    "OData": (b'{"value": [{"ProductID": 1}], "Count": 3}', 1, '"value", "Count"'),
    "keys in another case": (
        b'[{"productid": "1", "productname": "Tea", "sellprice": 2}] ',
        1,
        '"productid", "productname", "sellprice"',
    ),
    "a byte order mark in a key": (
        b'[{"\\ufeffProductID": 1, "ProductName": "Tea", "SellPrice": 2}]',
        1,
        r'"\ufeffProductID", "ProductName", "SellPrice"',
    ),
    "pandas, by column": (
        b'{"ProductID":{"0":"1","1":"2"},"ProductName":{"0":"A","1":"B"},"SellPrice":{"0":1,"1":2}}',
        1,
        '"ProductID", "ProductName", "SellPrice"',
    ),
    "pandas, by index": (
        b'{"0":{"ProductID":"1","ProductName":"A","SellPrice":1},"1":{"ProductID":"2"}}',
        1,
        '"0", "1"',
    ),
    "pandas, split": (
        b'{"columns":["ProductID","ProductName","SellPrice"],"index":[0],"data":[["1","A",1]]}',
        1,
        '"columns", "index", "data"',
    ),
    "prices with a decimal comma": (
        b"".join(b'{"ProductID":%d,"ProductName":"A","SellPrice":"12,50"}\n' % n for n in range(3)),
        3,
        '"ProductID", "ProductName", "SellPrice"',
    ),
    "no names": (
        b'[{"ProductID": 1, "SellPrice": 1}, {"ProductID": 2}]',
        2,
        '"ProductID", "SellPrice"',
    ),
    "nothing in the objects": (b"[{}, {}]", 2, "none"),
}


@pytest.mark.parametrize("case", NOTHING_TO_SEND)
def test_a_catalogue_of_which_nothing_can_be_sent_is_invalid_and_names_its_keys(
    world: World, case: str
) -> None:
    content, read, keys = NOTHING_TO_SEND[case]
    run = world.upload(world.catalogs.put("0001/shop.json", content))
    assert run.state is RunState.INVALID_CATALOG
    assert f"None of its {read} products can be sent. Row 1: " in run.message
    needed = 'A catalogue needs the keys "ProductID", "ProductName", "SellPrice"'
    assert run.message.endswith(f"{needed}; this one has {keys}.")
    assert (run.read, run.rejected, run.not_sent) == (read, read, 0)
    assert world.digible.requests == []


@pytest.mark.parametrize("case", NOTHING_TO_SEND)
def test_a_catalogue_of_which_nothing_can_be_sent_stops_no_other_run(
    world: World, case: str
) -> None:
    version = world.put(650)
    useless = NOTHING_TO_SEND[case][0]
    world.while_sending("P201", lambda: world.upload(world.catalogs.put("0001/z.json", useless)))
    assert world.upload(version).state is RunState.SUCCEEDED


def test_one_good_product_among_others_is_sent(world: World) -> None:
    others: list[object] = [{}, {"count": 3}, {"ProductID": "1", "SellPrice": "12,50"}]
    run = world.upload(world.put([*others, *rows(1)]))
    assert (run.state, run.read, run.accepted) == (RunState.COMPLETED_WITH_REJECTIONS, 4, 1)
    assert [rejection.reason for rejection in run.rejections] == [
        *["This is not a product: it has none of the keys ProductID, ProductName, SellPrice"] * 2,
        "ProductName is missing",
    ]


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        (CatalogMetadata(rows=500), "The agent wrote 500 rows (after row 499)."),
        (
            CatalogMetadata(sha256="0" * 64),
            "It was changed after it was exported: its SHA-256 differs (the whole file).",
        ),
    ],
    ids=["rows", "sha256"],
)
def test_nothing_is_sent_if_it_is_not_what_the_agent_wrote(
    world: World, metadata: CatalogMetadata, reason: str
) -> None:
    run = world.upload(world.put(499, metadata=metadata))
    assert run.state is RunState.INVALID_CATALOG
    assert run.message.endswith(reason)
    assert world.digible.requests == []


def test_a_repeated_id_in_the_agents_catalogue_is_rejected(world: World) -> None:
    twice = [*rows(2), *rows(1, price="9.99", first=2), *rows(1, first=3)]
    run = world.upload(world.put(twice, metadata=CatalogMetadata(ids_are_unique=True)))
    assert [rejection.row for rejection in run.rejections] == [3]
    assert world.digible.products["P2"].product_price == "1.50"


def test_a_repeated_id_in_a_handmade_catalogue_is_sent_again_in_its_place(
    world: World,
) -> None:
    run = world.upload(world.put([*rows(250), *rows(1, price="9.99")]))
    assert run.accepted == 251
    assert world.digible.accepted[1] == [*ids(201, 250), "P1"]
    assert world.digible.products["P1"].product_price == "9.99"


@pytest.mark.parametrize("apart", [1, 2, 3, 5])
def test_the_last_of_repeated_ids_wins_at_any_concurrency(apart: int) -> None:
    world = World(UploadOptions(concurrency=4))
    later_came = threading.Event()

    def judge(products: Sequence[Product]) -> Accepted:
        if products[-1].product_price == "3.00":
            later_came.set()
        # If a later batch were under way, it would overtake an earlier one here.
        later_came.wait(0.02)
        return OK

    world.digible.judge = judge
    content = [*rows(200 * apart), *rows(50, price="2.00"), *rows(200 * apart, price="3.00")]
    run = world.upload(world.put(content))
    assert (run.state, run.accepted) == (RunState.SUCCEEDED, 400 * apart + 50)
    prices = {product.product_price for product in world.digible.products.values()}
    assert prices == {"3.00"}


@pytest.mark.parametrize("concurrency", [1, 2, 4])
def test_as_many_batches_are_under_way_as_configured(concurrency: int) -> None:
    world = World(UploadOptions(concurrency=concurrency))
    together = threading.Barrier(concurrency)

    def judge(products: Sequence[Product]) -> Accepted:
        together.wait(timeout=20)  # breaks, and so fails the run, if there are fewer
        return OK

    world.digible.judge = judge
    run = world.upload(world.put(200 * 4 * concurrency))
    assert (run.state, run.batches_acknowledged) == (RunState.SUCCEEDED, 4 * concurrency)
    assert sorted(world.digible.accepted, key=lambda batch: int(str(batch[0])[1:])) == [
        ids(first, first + 199) for first in range(1, 800 * concurrency, 200)
    ]


def test_stores_do_not_wait_for_each_other(world: World) -> None:
    world.locks.acquire(StoreName("0002"))
    assert world.upload(world.put()).state is RunState.SUCCEEDED
