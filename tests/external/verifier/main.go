// Verifies an exported log with other people's code alone: golang.org/x/mod/sumdb/note and tlog, as
// Debian has them (golang-go, golang-golang-x-mod-dev).
//
//	verifier EXPORT [-key VKEY] [CHECKPOINT]...
//
// The signature of the export's checkpoint by VKEY, or by the key that the first entry names; its
// root from the tiles; each leaf, with a proof of its inclusion, against the bundles of entries and
// the readable lines; and that any two of the checkpoints given, and the export's own, are
// consistent. Says what it saw, or the first thing that is wrong, with exit code 1.
package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Hashes of a full tile, entries of a full bundle.
const width = 256

// A checkpoint is a signed tree, and where it is from.
type checkpoint struct {
	name string
	tree tlog.Tree
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "verifier:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("verifier EXPORT [-key VKEY] [CHECKPOINT]...")
	}
	export, args := args[0], args[1:]
	lines, err := readLines(filepath.Join(export, "entries.jsonl"))
	if err != nil {
		return err
	}
	var vkey string
	if len(args) > 1 && args[0] == "-key" {
		vkey, args = args[1], args[2:]
	} else if vkey, err = keyNamedBy(lines[0]); err != nil {
		return err
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	files := append([]string{filepath.Join(export, "checkpoint")}, args...)
	var all []checkpoint
	for _, file := range files {
		read, err := readCheckpoint(file, verifier)
		if err != nil {
			return fmt.Errorf("%s: %v", file, err)
		}
		all = append(all, read)
	}
	own := all[0].tree
	if int64(len(lines)) != own.N {
		return fmt.Errorf("%d lines, the checkpoint covers %d", len(lines), own.N)
	}
	reader := tlog.TileHashReader(own, &tiles{export, map[string][]byte{}})
	root, err := tlog.TreeHash(own.N, reader)
	if err != nil {
		return err
	}
	if root != own.Hash {
		return errors.New("the tiles have another root than was signed")
	}
	if err := everyLeaf(export, lines, own, reader); err != nil {
		return err
	}
	pairs, err := consistent(all, own, reader)
	if err != nil {
		return err
	}
	fmt.Printf("ok: %d entries by %s, %d checkpoints, %d pairs consistent\n",
		own.N, verifier.Name(), len(all), pairs)
	return nil
}

func readLines(file string) ([][]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if len(text) == 0 || text[len(text)-1] != '\n' {
		return nil, fmt.Errorf("%s: the last line does not end", file)
	}
	return bytes.Split(text[:len(text)-1], []byte("\n")), nil
}

// keyNamedBy gives the verifier key of a log from its first entry.
func keyNamedBy(entry []byte) (string, error) {
	var first struct {
		Type string
		Data struct{ Origin, Key string }
	}
	if err := json.Unmarshal(entry, &first); err != nil {
		return "", err
	}
	key, err := hex.DecodeString(first.Data.Key)
	if err != nil || first.Type != "log.created" || len(key) != ed25519.PublicKeySize {
		return "", errors.New("the first entry names no key")
	}
	return note.NewEd25519VerifierKey(first.Data.Origin, key)
}

// readCheckpoint reads a C2SP tlog-checkpoint.
func readCheckpoint(file string, verifier note.Verifier) (checkpoint, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return checkpoint{}, err
	}
	signed, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return checkpoint{}, err
	}
	lines := strings.SplitN(signed.Text, "\n", 4)
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return checkpoint{}, errors.New("not a checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 1 || strconv.FormatInt(size, 10) != lines[1] {
		return checkpoint{}, errors.New("not the size of a log")
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return checkpoint{}, errors.New("not the root of a log")
	}
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return checkpoint{file, tree}, nil
}

// everyLeaf compares bundles and lines with the leaves of the tree, and proves each in it.
func everyLeaf(export string, lines [][]byte, own tlog.Tree, reader tlog.HashReader) error {
	for from := int64(0); from < own.N; from += width {
		to := from + width
		if to > own.N {
			to = own.N
		}
		bundle, err := os.ReadFile(filepath.Join(export, bundlePath(from/width, int(to-from))))
		if err != nil {
			return err
		}
		for at := from; at < to; at++ {
			if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
				return fmt.Errorf("the bundle ends before entry %d", at)
			}
			length := int(binary.BigEndian.Uint16(bundle))
			entry := bundle[2 : 2+length]
			bundle = bundle[2+length:]
			if !bytes.Equal(entry, lines[at]) {
				return fmt.Errorf("entry %d: the bundle has another than the line", at)
			}
			proof, err := tlog.ProveRecord(own.N, at, reader)
			if err != nil {
				return fmt.Errorf("entry %d: %v", at, err)
			}
			if err := tlog.CheckRecord(proof, own.N, own.Hash, at, tlog.RecordHash(entry)); err != nil {
				return fmt.Errorf("entry %d is not in the tree: %v", at, err)
			}
		}
		if len(bundle) > 0 {
			return fmt.Errorf("the bundle of entry %d holds more", from)
		}
	}
	return nil
}

// consistent proves each checkpoint to be the beginning of each larger one.
func consistent(all []checkpoint, own tlog.Tree, reader tlog.HashReader) (int, error) {
	sort.SliceStable(all, func(i, j int) bool { return all[i].tree.N < all[j].tree.N })
	pairs := 0
	for i, earlier := range all {
		for _, later := range all[i+1:] {
			if later.tree.N > own.N {
				return 0, fmt.Errorf("%s: %d entries, the log has %d", later.name, later.tree.N, own.N)
			}
			differ := fmt.Errorf("%s and %s are of two logs", earlier.name, later.name)
			if earlier.tree.N == later.tree.N {
				if earlier.tree.Hash != later.tree.Hash {
					return 0, differ
				}
				pairs++
				continue
			}
			proof, err := tlog.ProveTree(later.tree.N, earlier.tree.N, reader)
			if err != nil {
				return 0, err
			}
			err = tlog.CheckTree(proof, later.tree.N, later.tree.Hash, earlier.tree.N, earlier.tree.Hash)
			if err != nil {
				return 0, fmt.Errorf("%v: %v", differ, err)
			}
			pairs++
		}
	}
	return pairs, nil
}

func bundlePath(index int64, entries int) string {
	path := tlog.Tile{H: 8, L: 0, N: index, W: entries}.Path()
	return "tile/entries/" + strings.TrimPrefix(path, "tile/8/0/")
}

// tiles reads the tiles of an export: C2SP leaves out the height in their paths.
type tiles struct {
	export string
	read   map[string][]byte
}

func (t *tiles) Height() int { return 8 }

func (t *tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(wanted))
	for i, tile := range wanted {
		path := "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
		bytes, ok := t.read[path]
		if !ok {
			var err error
			if bytes, err = os.ReadFile(filepath.Join(t.export, path)); err != nil {
				return nil, err
			}
			t.read[path] = bytes
		}
		if len(bytes) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s: %d bytes", path, len(bytes))
		}
		data[i] = bytes
	}
	return data, nil
}

func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}
