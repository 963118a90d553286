// A surface through scattered points, and its lines of equal height. Everything here lies between 0 and 1 in x and y.

// Inverse distance weighting: each place of the grid is the mean of all points, the near ones counting most.
export function interpolated(points, size) {
  const field = Array.from({ length: size }, () => new Float64Array(size));
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const [x, y] = [column / (size - 1), row / (size - 1)];
      let [sum, weights] = [0, 0];
      for (const [left, top, height] of points) {
        const weight = 1 / ((x - left) ** 2 + (y - top) ** 2 + 1e-6) ** 1.5;
        sum += weight * height;
        weights += weight;
      }
      field[row][column] = sum / weights;
    }
  }
  return field;
}

// Marching squares: the pieces of the line on which `field` has this height, as pairs of places.
export function level(field, height) {
  const size = field.length;
  const pieces = [];
  for (let row = 0; row < size - 1; row += 1) {
    for (let column = 0; column < size - 1; column += 1) {
      const cuts = crossings(field, row, column, height).map(([x, y]) => [x / (size - 1), y / (size - 1)]);
      for (let at = 0; at + 1 < cuts.length; at += 2) pieces.push([cuts[at], cuts[at + 1]]);
    }
  }
  return pieces;
}

function crossings(field, row, column, height) {
  const corners = [
    [column, row],
    [column + 1, row],
    [column + 1, row + 1],
    [column, row + 1],
  ];
  const found = [];
  for (let side = 0; side < 4; side += 1) {
    const [from, to] = [corners[side], corners[(side + 1) % 4]];
    const [before, after] = [field[from[1]][from[0]], field[to[1]][to[0]]];
    if (before < height === after < height) continue;
    const share = (height - before) / (after - before);
    found.push([from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share]);
  }
  return found;
}
