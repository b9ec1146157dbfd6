// Times and sizes in words.

/** "just now", "3 minutes ago", "in 2 h 5 min"; both times in milliseconds. */
export function ago(at: number, now: number): string {
  if (!Number.isFinite(at)) return "(unknown)";
  const seconds = Math.round((now - at) / 1000);
  if (Math.abs(seconds) < 3) return "just now";
  if (seconds > 0) return `${span(seconds)} ago`;
  // What lies ahead is planned with, so hours come with their minutes.
  const hours = Math.floor(-seconds / 3600);
  if (hours < 1 || hours >= 24) return `in ${span(-seconds)}`;
  return `in ${hours} h ${Math.floor((-seconds % 3600) / 60)} min`;
}

/** A length of time in its largest whole unit: "45 seconds", "1 hour", "12 days". */
export function span(seconds: number): string {
  for (const [unit, length] of UNITS) {
    const count = Math.floor(seconds / length);
    if (count >= 1) return `${count} ${unit}${count === 1 ? "" : "s"}`;
  }
  return "0 seconds";
}

/** "48 MB"; decimal units, as disks and networks are sold. */
export function bytes(count: number): string {
  const units = ["bytes", "kB", "MB", "GB"];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const text = value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value).toString();
  return `${text} ${units[unit]}`;
}

/** "2026-05-03 09:12:00" in the time zone of the box. */
export function clockTime(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "(unknown)";
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
] as const;
