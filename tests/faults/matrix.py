"""The rows of the fault matrix, in the order of the table."""

from functools import partial

from tests.faults import (
    agent_kills,
    beside,
    damage,
    delivery,
    hostile,
    killing,
    notices,
    outages,
)
from tests.faults.ambush import Point
from tests.faults.measuring import Fault

FAULTS: tuple[Fault, ...] = (
    *(
        Fault(
            f"host-{point.name.lower().replace('_', '-')}",
            f"host killed at batches 1 to 25: {point}",
            partial(killing.killed_at, point),
        )
        for point in Point
    ),
    Fault(
        "host-concurrent",
        "host killed before Digible answers, with four batches of each run under way (`DIGIBLE_CONCURRENCY=4`)",
        partial(killing.killed_at, Point.ACCEPTED, concurrency=4),
    ),
    Fault(
        "host-for-good",
        "host killed and never restarted: another one goes on within three minutes",
        beside.killed_for_good,
    ),
    Fault(
        "host-storage-before",
        "host killed while one of a run's first 22 requests to storage is on its way",
        partial(killing.killed_at_storage_request, carried_out=False),
    ),
    Fault(
        "host-storage-after",
        "host killed while the response to one of these requests is on its way",
        partial(killing.killed_at_storage_request, carried_out=True),
    ),
    Fault(
        "host-every-batch",
        "host killed at each of 25 batches of the same seven runs, each run at a different point",
        killing.killed_at_every_batch,
        seconds=2_000,
    ),
    Fault(
        "host-random",
        "host killed at 50 random moments",
        killing.killed_at_random,
        parts=2,
        seconds=900,
    ),
    Fault(
        "host-slow-answer",
        "host killed while Digible takes 3 s to answer",
        killing.killed_while_digible_is_slow,
    ),
    Fault(
        "agent-random",
        "agent killed at random moments of export and upload, and while it commits the blob",
        agent_kills.agent_killed,
    ),
    Fault(
        "storage-frozen",
        "storage does not answer for 20 s",
        outages.storage_frozen,
        seconds=300,
    ),
    Fault(
        "storage-gone",
        "every connection to storage is cut for 15 s (in Azure's time): the host survives",
        outages.storage_gone,
        seconds=300,
    ),
    Fault(
        "storage-stopped",
        "storage is stopped for 60 s (in Azure's time): the host ends, and is started again",
        outages.storage_stopped,
        seconds=300,
    ),
    Fault(
        "storage-cut",
        "one in 25 requests to storage, or its response, is cut off",
        outages.storage_cut,
        seconds=400,
    ),
    Fault(
        "digible-away",
        "Digible refuses connections for 20 s",
        outages.digible_away,
    ),
    Fault(
        "digible-away-longer",
        "Digible refuses connections for 100 s: runs wait in the queue",
        partial(outages.digible_away, seconds=100),
        seconds=400,
    ),
    Fault(
        "digible-busy",
        "Digible answers 503 with `Retry-After` for 20 s",
        outages.digible_busy,
    ),
    Fault(
        "digible-drops",
        "Digible closes the connection before or after it has accepted the POST",
        outages.digible_drops,
    ),
    Fault(
        "two-hosts-killed",
        "two hosts on forty stores, one killed and never restarted",
        beside.one_of_two_killed,
    ),
    Fault(
        "two-hosts-frozen",
        "one of two hosts frozen until the other has taken over its runs, then resumed",
        beside.one_of_two_frozen,
    ),
    Fault(
        "two-hosts-frozen-newer",
        "one of two hosts frozen for 25 s while newer catalogues arrive",
        beside.frozen_while_a_newer_one_comes,
        parts=3,
    ),
    Fault(
        "versions-one-name",
        "twenty versions of one blob in quick succession, two hosts",
        beside.versions_of_one_blob,
    ),
    Fault(
        "versions-names",
        "twenty catalogues in quick succession, in the order of their names, two hosts",
        beside.versions_in_order_of_names,
    ),
    Fault(
        "versions-seconds",
        "twenty catalogues a second apart, with shuffled names, two hosts",
        beside.versions_a_second_apart,
    ),
    Fault(
        "versions-killed",
        "twenty versions of one blob, one of two hosts killed in the middle",
        beside.versions_while_one_is_killed,
    ),
    Fault(
        "late",
        "Digible carries out a POST up to 12 s after its sender gave up on it; a newer catalogue comes meanwhile",
        delivery.carried_out_late,
    ),
    Fault(
        "late-killed",
        "Digible carries out a POST up to 38 s after its sender was killed; a newer catalogue comes meanwhile",
        delivery.carried_out_after_a_kill,
    ),
    Fault(
        "early-messages",
        "the messages of waiting runs are replaced by others that come too early",
        delivery.messages_come_early,
    ),
    Fault(
        "isolation",
        "host killed, then newer catalogues arrive, while refused batches are halved",
        delivery.isolation_interrupted,
        seconds=400,
    ),
    Fault(
        "pile",
        "three hundred tiny catalogues of one store, then one of another store",
        delivery.pile_of_one_store,
        seconds=400,
    ),
    Fault(
        "touched",
        "older catalogues touched (metadata, properties, tier, copied onto themselves), and named by an event again",
        delivery.touched,
    ),
    Fault(
        "events-repeated",
        "each event delivered eight times more, side by side, to two hosts",
        notices.one_event_many_times,
    ),
    Fault(
        "events-lost",
        "every event lost: the sweep finds the catalogues, and says so",
        notices.events_lost,
        seconds=1_000,
    ),
    Fault(
        "events-lost-forged",
        "the same beside forged messages, records and requests",
        notices.events_lost_beside_forgeries,
        seconds=1_000,
    ),
    Fault(
        "message-kept",
        "function ends well, but its message can't be deleted: the host ends, and the call comes again",
        notices.message_kept,
        seconds=300,
        only_local="the message comes again after ten minutes",
    ),
    Fault(
        "settings-wrong",
        "a wrong setting until every blob has been given up on, then put right",
        notices.wrong_settings,
        seconds=700,
    ),
    Fault(
        "record-damaged",
        "run record overwritten with rubbish during the run",
        damage.record_damaged,
    ),
    Fault("record-deleted", "run record deleted during the run", damage.record_deleted),
    Fault(
        "record-damaged-killed",
        "run record overwritten with rubbish after its host was killed (the run starts over)",
        damage.record_damaged_and_host_killed,
    ),
    Fault("catalogue-deleted", "catalogue deleted during the run", damage.catalogue_deleted),
    Fault(
        "catalogue-overwritten",
        "catalogue overwritten by a newer one during the run",
        damage.catalogue_overwritten,
    ),
    Fault(
        "catalogue-deleted-killed",
        "host killed, then the catalogue deleted: the run's own message finds it gone",
        damage.catalogue_deleted_while_nobody_works,
        seconds=300,
    ),
    Fault(
        "hostile",
        "hostile blobs: gzip bombs of 10 GB, nested 10 million deep, endless, cut off, otherwise invalid",
        hostile.hostile_blobs,
        alone=True,
        only_local="its memory is measured",
    ),
)

QUICK: tuple[Fault, ...] = (
    Fault("host-all-points", "host killed at seven points at once", killing.killed_at_all_points),
    Fault("storage-frozen", "storage does not answer for 5 s", outages.storage_frozen),
    Fault("events-repeated", "each event delivered nine times", notices.one_event_many_times),
    Fault("versions-one-name", "five versions of one blob", beside.versions_of_one_blob),
)
"""The faults that `make test` has time for."""
