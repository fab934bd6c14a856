import { describe, expect, it } from "vitest";
import { StatsReader } from "../src/stats.js";
import type { PathStats } from "../src/types.js";

/** A row as a browser gives it. */
type Row = Record<string, unknown>;

describe("the path", () => {
  it.each([
    [{ candidateType: "host", protocol: "udp" }, "Direct, UDP", "host"],
    [{ candidateType: "prflx", protocol: "udp" }, "Direct, UDP", "prflx"],
    [{ candidateType: "srflx", protocol: "udp" }, "Direct, UDP", "srflx"],
    [{ candidateType: "host", protocol: "tcp" }, "Direct, TCP", "host"],
    [{ candidateType: "relay", protocol: "udp", relayProtocol: "udp" }, "Relayed, UDP", "relay"],
    [{ candidateType: "relay", protocol: "udp", relayProtocol: "tcp" }, "Relayed, TCP", "relay"],
    [{ candidateType: "relay", protocol: "udp", relayProtocol: "tls" }, "Relayed, TLS", "relay"],
    // Not every browser tells how it reaches a relay.
    [{ candidateType: "relay", protocol: "udp" }, "Relayed, UDP", "relay"],
    // A relay that is seen with another address than it says.
    [{ candidateType: "prflx", protocol: "udp", relayProtocol: "tls" }, "Relayed, TLS", "relay"],
  ])("over %j is %s", (local, way, type) => {
    expect(pathOver(local)).toMatchObject({ way, type });
  });

  it("tells the protocol of the pair beside that of the relay, and where the other end is", () => {
    const path = pathOver({ candidateType: "relay", protocol: "udp", relayProtocol: "tls" });
    expect(path).toEqual({
      way: "Relayed, TLS",
      type: "relay",
      protocol: "udp",
      relayProtocol: "tls",
      remoteAddress: "203.0.113.5",
      remotePort: 7882,
      rtt: 20,
      availableOutgoingBitrate: 1_000_000,
      userId: undefined,
    });
  });

  it("is found in Firefox, which has no row of the transport", () => {
    const report = reportOf({ candidateType: "host", protocol: "udp" });
    report.delete("T");
    report.set("P", { ...report.get("P"), selected: true });
    expect(read(report).map(({ way }) => way)).toEqual(["Direct, UDP"]);
  });
});

function pathOver(local: Row): PathStats | undefined {
  return read(reportOf(local))[0];
}

function read(report: Map<string, Row>): PathStats[] {
  return new StatsReader().read(report, () => undefined).paths;
}

function reportOf(local: Row): Map<string, Row> {
  const pair = {
    localCandidateId: "L",
    remoteCandidateId: "R",
    currentRoundTripTime: 0.02,
    availableOutgoingBitrate: 1_000_000,
  };
  const rows: Row[] = [
    { id: "T", type: "transport", selectedCandidatePairId: "P" },
    { id: "P", type: "candidate-pair", ...pair },
    { id: "L", type: "local-candidate", ...local },
    { id: "R", type: "remote-candidate", candidateType: "host", protocol: "udp", address: "203.0.113.5", port: 7882 },
  ];
  return new Map(rows.map((row) => [row.id as string, row]));
}
