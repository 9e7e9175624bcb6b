package sizes

import "math"

// rectangle is a place on a page.
type rectangle struct{ x, y, w, h float64 }

// squarified divides a rectangle among values, which are sorted and the largest
// first, so that the parts are as square as they can be (Bruls, Huizing, van Wijk:
// Squarified Treemaps, 2000). The rectangle's sides are in the same unit.
func squarified(values []float64, in rectangle) []rectangle {
	total := 0.0
	for _, v := range values {
		total += v
	}
	out := make([]rectangle, 0, len(values))
	for len(values) > 0 && total > 0 {
		scale := in.w * in.h / total
		side := math.Min(in.w, in.h)
		n, sum := 1, values[0]
		for n < len(values) && worst(values[:n+1], sum+values[n], scale, side) <= worst(values[:n], sum, scale, side) {
			sum += values[n]
			n++
		}
		row, rest := in.cut(math.Min(sum/total, 1))
		for _, v := range values[:n] {
			part := row
			if in.w >= in.h {
				part.h = row.h * v / sum
				row.y += part.h
			} else {
				part.w = row.w * v / sum
				row.x += part.w
			}
			out = append(out, part)
		}
		in, values, total = rest, values[n:], total-sum
	}
	for range values {
		out = append(out, rectangle{in.x, in.y, 0, 0})
	}
	return out
}

// cut divides a rectangle across its longer side.
func (r rectangle) cut(share float64) (first, rest rectangle) {
	if r.w >= r.h {
		w := r.w * share
		return rectangle{r.x, r.y, w, r.h}, rectangle{r.x + w, r.y, r.w - w, r.h}
	}
	h := r.h * share
	return rectangle{r.x, r.y, r.w, h}, rectangle{r.x, r.y + h, r.w, r.h - h}
}

// worst returns the largest ratio of sides in a row of values along a side.
func worst(row []float64, sum, scale, side float64) float64 {
	thick := sum * scale / side
	ratio := 1.0
	for _, v := range row {
		long := v * scale / thick
		ratio = math.Max(ratio, math.Max(long/thick, thick/long))
	}
	return ratio
}
