// A clock that nobody sets: for waits and back-off, which a jump of the device's clock must not make longer.

/** Milliseconds, near to the device's time at the moment when the page was opened, and only ever forward from there. */
export const steady = (): number => Math.round(performance.timeOrigin + performance.now());
