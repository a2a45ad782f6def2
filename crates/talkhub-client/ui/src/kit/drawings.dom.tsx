// Our own small line drawings for empty places.

/** Two cups on a string: nothing said yet. */
export function EmptyTalk() {
  return (
    <svg class="drawing" width="160" height="96" viewBox="0 0 160 96" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      <path d="M18 30h30l-4 34H22z" />
      <ellipse cx="33" cy="30" rx="15" ry="4" />
      <path d="M112 30h30l-4 34h-22z" />
      <ellipse cx="127" cy="30" rx="15" ry="4" />
      <path class="drawing__accent" d="M40 52c22 30 58 30 80 0" stroke-dasharray="1 7" />
      <path d="M70 16c0-5 4.500-8 10-8s10 3 10 8-4.5 8-10 8c-1.2 0-2.400-.2-3.500-.5L71 26l1.400-4.200C70.9 20.4 70 18.3 70 16z" />
    </svg>
  );
}

/** A buoy without a boat: nobody at this address. */
export function EmptySea() {
  return (
    <svg class="drawing" width="160" height="96" viewBox="0 0 160 96" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      <path d="M68 62 76 26h8l8 36z" />
      <path d="M72.5 44h15M80 26V14" />
      <circle class="drawing__accent" cx="80" cy="11" r="3" />
      <path d="M20 66c8 6 16 6 24 0s16-6 24 0 16 6 24 0 16-6 24 0 16 6 24 0M40 82c7 5 14 5 21 0s14-5 21 0 14 5 21 0 14-5 21 0" />
    </svg>
  );
}
