import { describe, expect, it } from "vitest";
import { SlotTable } from "../src/slots.js";

const slot = (mid: string, trackId?: string, more = {}) => ({ mid, kind: "video" as const, trackId, ...more });

describe("the slot table", () => {
  it("tells which track came and which went", () => {
    const table = new SlotTable();
    expect(table.apply([slot("2", "TR_1")])).toMatchObject([{ trackId: "TR_1", slot: { mid: "2" } }]);
    expect(table.apply([slot("2", "TR_2")])).toMatchObject([
      { trackId: "TR_1", slot: undefined },
      { trackId: "TR_2", slot: { mid: "2" } },
    ]);
    expect([table.trackIn("2"), table.of("TR_1")]).toEqual(["TR_2", undefined]);
  });

  it("takes a track that moves to another line for one change", () => {
    const table = new SlotTable();
    table.apply([slot("2", "TR_1"), slot("3")]);
    const changes = table.apply([slot("2"), slot("3", "TR_1")]);
    expect(changes).toMatchObject([{ trackId: "TR_1", before: { mid: "2" }, slot: { mid: "3" } }]);
  });

  it("leaves lines that are not named as they were", () => {
    const table = new SlotTable();
    table.apply([slot("2", "TR_1")]);
    table.apply([slot("3", "TR_2")]);
    expect(table.trackIn("2")).toBe("TR_1");
  });

  it("tells of another layer and of a pause, and of nothing when nothing changed", () => {
    const table = new SlotTable();
    table.apply([slot("2", "TR_1", { layer: "h" })]);
    expect(table.apply([slot("2", "TR_1", { layer: "l" })])).toHaveLength(1);
    expect(table.apply([slot("2", "TR_1", { layer: "l", paused: true })])).toHaveLength(1);
    expect(table.apply([slot("2", "TR_1", { layer: "l", paused: true })])).toEqual([]);
  });

  it("empties on a reset every line that is not named", () => {
    const table = new SlotTable();
    table.apply([slot("2", "TR_1"), slot("3", "TR_2")]);
    expect(table.reset([slot("2", "TR_1")])).toMatchObject([{ trackId: "TR_2", slot: undefined }]);
  });
});
