/** What people know of a device, which both boxes have. */
export interface DeviceView {
  /** Hardware address, in lower case with colons. */
  readonly mac: string;
  /** What people call it; "" for nothing. */
  readonly name: string;
  readonly note: string;
  /** It is answered by neither box. */
  readonly ignored: boolean;
}

/** GET /api/v1/devices: those that have a name or a note, or are ignored. */
export interface DeviceList {
  readonly devices: readonly DeviceView[];
}
