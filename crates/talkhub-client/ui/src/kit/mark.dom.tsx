// The brand mark: two touching rings, the overlap a speech bubble. The same drawing as public/mark.svg.
export function Mark({ size = 32 }: { size?: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 48 48" aria-hidden="true">
      <circle class="mark__ring" cx="17.5" cy="22" r="13" />
      <circle class="mark__ring" cx="30.5" cy="22" r="13" />
      <path class="mark__bubble" d="M24 10.8a13 13 0 0 1 0 22.4c-.6 2.6-2.6 4.9-5.6 6.2 1-2 1.400-4.6 1.100-7.6a13 13 0 0 1 4.500-21z" />
    </svg>
  );
}
