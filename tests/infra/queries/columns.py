"""The columns that each query promises to whoever shows them or splits by them."""

from typing import Final

COLUMNS: Final = {
    "alerts/rejections-high": "store: string, run: string, read: long, rejected: long, percent: real, ended_at: datetime",
    "alerts/run-failed": "store: string, run: string, state: string, error_kind: string, ended_at: datetime",
    "alerts/session-expired": "store: string, run: string, ended_at: datetime",
    "alerts/settings-wrong": "problems: string, calls: long, last_call: datetime",
    "alerts/store-silent": "store: string, last_success: datetime, told_at: datetime",
    "alerts/sweep-found": "catalogs: long, found_at: datetime",
    "alerts/token-expiring": "store: string, run: string, expires_at: datetime, read_at: datetime",
    "export-to-accepted": "day: datetime, runs: long, half_within_s: real, most_within_s: real, longest_s: real",
    "rejections-by-reason": "reason: string, stage: string, products: long, stores: long",
    "run-events": "at: datetime, event: string, state: string, batch: long, accepted: long, rejected: long, error_kind: string, http_status: string, reason: string, retry_at: datetime",
    "runs-by-day": "day: datetime, state: string, runs: long",
    "runs-by-state": "state: string, runs: long",
    "runs-by-store": "store: string, runs: long, succeeded: long, with_rejections: long, failed: long, session_expired: long, superseded: long, on_their_way: long",
    "slowest-stores": "store: string, runs: long, average_s: real, longest_s: real, products_per_second: real",
    "store-runs": "run: string, state: string, error_kind: string, first_event: datetime, last_event: datetime, read: long, accepted: long, rejected: long, not_sent: long, duration_s: real, operation_Id: string",
    "stores": "store: string, state: string, error_kind: string, last_event: datetime, last_success: datetime, hours_since_success: real, run: string",
    "throughput": "hour: datetime, products: long, products_per_second: real",
    "token-expiry": "store: string, expires_at: datetime, days_left: real, read_at: datetime",
}
"""Of each query, by its name: its columns with their types, in order."""
