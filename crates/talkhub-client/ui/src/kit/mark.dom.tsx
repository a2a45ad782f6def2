// The brand mark: two touching rings, the overlap a speech bubble. The same drawing as public/mark.svg.
export function Mark({ size = 32 }: { size?: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 48 48" aria-hidden="true">
      <circle class="mark__ring" cx="17.5" cy="22" r="13" />
      <circle class="mark__ring" cx="30.5" cy="22" r="13" />
      <path class="mark__bubble" d="M24 10.7A13 13 0 0 1 25.8 31.6C24.8 35.5 22.3 38.3 18.4 39.8C20.7 37.3 21.7 34.3 21.4 30.2A13 13 0 0 1 24 10.7z" />
    </svg>
  );
}
