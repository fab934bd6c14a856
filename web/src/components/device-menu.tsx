/** The small arrow beside a camera or microphone button: which one to use. */
import type { ComponentChildren } from "preact";
import { cameras, microphones, refreshDevices } from "../lib/devices";
import { Icon } from "./icon";
import { Menu, type MenuItem } from "./menu";

interface DeviceMenuProps {
  kind: "microphone" | "camera";
  /** The device in use. */
  current: string;
  onChoose: (id: string) => void;
  class?: string;
  /** What the button shows; an arrow where nothing is said. */
  children?: ComponentChildren;
}

const refresh = () => void refreshDevices();

export function DeviceMenu({ kind, current, onChoose, class: className, children }: DeviceMenuProps) {
  const devices = (kind === "camera" ? cameras : microphones).value;
  const items: MenuItem[] = [
    { heading: kind === "camera" ? "Camera" : "Microphone" },
    ...devices.map((device) => ({
      label: device.label,
      checked: device.id === current,
      run: () => onChoose(device.id),
    })),
  ];
  if (devices.length === 0)
    items.push({ note: `No ${kind} to choose from. Turn it on once, so that the browser asks.` });
  return (
    <Menu
      label={`Choose the ${kind}`}
      items={items}
      class={className ?? "split-arrow"}
      testid={`devices-${kind}`}
      onOpen={refresh}
    >
      {children ?? <Icon name="up" size={16} />}
    </Menu>
  );
}
