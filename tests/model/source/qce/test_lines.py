"""The lines of the client behind its steps: those of every request that takes them, and none where it takes others."""

from __future__ import annotations

from pathlib import Path

import clients
import pytest

from model.context import Context
from model.protocol import build
from model.source.qce.lines import ClientLines
from model.source.tree import SourceError
from model.subject import Subject

LOOP = ("\tfor (i = 0; i < base->flags >> 8; i++)\n", "\ti = 0;\n")
RX, TX = "\tdma_async_issue_pending(qce->rx);\n", "\tdma_async_issue_pending(qce->tx);\n"


def context(scenario: str, version: str = "mainline") -> Context:
    """What the actors of a row share."""
    return build(Subject.of(version, scenario)).ctx


def line(text: str, *changes: tuple[str, str]) -> str:
    """file:line of the one place with a text."""
    return clients.line_of(text, LOOP, *changes)


def test_a_step_has_what_every_request_executes_since_the_one_before(tmp_path: Path) -> None:
    found = ClientLines(context("default"), clients.tree_of(tmp_path, LOOP))
    assert found.at("client.issue_tx") == [line("dma_async_issue_pending(qce->tx)")]
    assert line("dma_async_issue_pending(qce->rx)") in found.at("client.issue_rx")
    first = found.at("client.prep_rx_data")
    assert line("own->list = req->src;") in first and line("if (own->entries < 1)") in first
    # what only some requests execute, and what probe does, is none of a step
    assert line("return -EINVAL;\n\tif (!dma_map") not in first
    assert line("qce->async_req_enqueue = enqueue;") not in first
    assert line("qce->result = readl") in found.at("client.read_status")
    assert found.at("bam.rx_data") == found.at("client.nothing") == []


def test_what_only_some_requests_execute_is_in_no_step(tmp_path: Path) -> None:
    branch = (RX, "\tif (base->flags & 8)\n\t\town->entries = 3;\n" + RX)
    found = ClientLines(context("default"), clients.tree_of(tmp_path, LOOP, branch)).at("client.issue_rx")
    assert line("if (base->flags & 8)", branch) in found and line("own->entries = 3;", branch) not in found


def test_a_failure_has_the_lines_of_its_own_path(tmp_path: Path) -> None:
    found = ClientLines(context("faults"), clients.tree_of(tmp_path, LOOP))
    unmap = line("unmap:\n\tdma_unmap_sg")
    undoing = [found.at(name) for name in ("client.unmap_data_2", "client.unmap_data_3")]
    assert all(unmap.rpartition(":")[0] in lines[0] for lines in undoing)
    assert ["goto unmap" in _texts(lines) for lines in undoing] == [True, False]
    assert found.at("client.prep_tx_data:prep-data") == []
    assert "goto unmap" not in _texts(found.at("client.unmap_data"))


def _texts(places: list[str]) -> str:
    code = clients.CORE.replace(*LOOP).split("\n")
    return "\n".join(code[int(place.rpartition(":")[2]) - 2] for place in places)


def test_another_order_has_no_lines(tmp_path: Path) -> None:
    found = ClientLines(context("default"), clients.tree_of(tmp_path, LOOP, (RX + TX, TX + RX)))
    with pytest.raises(SourceError, match=r"core\.c:\d+: in C request is rx-data tx-data issue-tx issue-rx"):
        found.at("client.issue_rx")
    assert found.at("client.read_status")


def test_a_client_that_issues_while_busy_has_none(tmp_path: Path) -> None:
    assert ClientLines(context("busy-client"), clients.tree_of(tmp_path, LOOP)).at("client.issue_rx") == []
