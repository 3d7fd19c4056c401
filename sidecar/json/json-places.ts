/** Places in a JSON document, as a tree of names, so that one pass over a document finds all of them. */

export interface JsonPlace {
  /** Under which its value is kept; -1 where only something below it is asked for. */
  readonly slot: number;
  /** Members by name, or elements by index. */
  readonly below: ReadonlyMap<string, JsonPlace>;
}

export interface JsonPlaces {
  readonly root: JsonPlace;
  readonly count: number;
}

interface GrowingPlace {
  slot: number;
  readonly below: Map<string, GrowingPlace>;
}

/** Each path is the names from the whole document to a value; its slot is its position in the list. */
export function compilePlaces(paths: readonly (readonly string[])[]): JsonPlaces {
  const root: GrowingPlace = { slot: -1, below: new Map() };
  for (const [slot, path] of paths.entries()) placeAt(root, path).slot = slot;
  return { root, count: paths.length };
}

function placeAt(root: GrowingPlace, path: readonly string[]): GrowingPlace {
  let place = root;
  for (const name of path) {
    const below = place.below.get(name) ?? { slot: -1, below: new Map() };
    place.below.set(name, below);
    place = below;
  }
  return place;
}
