// Reads a log with golang.org/x/mod/sumdb, an implementation that shares nothing with this project, and checks all of it.
//
//	reader DIR VKEY [OLD]
//
// DIR has checkpoint and tiles under the names of C2SP tlog-tiles, VKEY is the verifier key of the log, OLD the file of an earlier
// checkpoint of it. Exit status: 0 everything is right, 1 something is not.
package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

// A mirror gives the tiles in a folder.
type mirror string

func (mirror) Height() int { return height }

func (m mirror) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		// The paths of C2SP leave the height out.
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", tile.H), "tile/", 1)
		data, err := os.ReadFile(filepath.Join(string(m), filepath.FromSlash(path)))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (mirror) SaveTiles([]tlog.Tile, [][]byte) {}

// The entries of bundle n in a tree of this size.
func (m mirror) entries(n, size int64) ([][]byte, error) {
	tile := tlog.Tile{H: height, L: -1, N: n, W: 1 << height}
	if left := size - n<<height; left < 1<<height {
		tile.W = int(left)
	}
	path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/data/", height), "tile/entries/", 1)
	data, err := os.ReadFile(filepath.Join(string(m), filepath.FromSlash(path)))
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data) < 2+int(data[0])<<8+int(data[1]) {
			return nil, fmt.Errorf("%s: an entry is cut off", path)
		}
		length := int(data[0])<<8 + int(data[1])
		entries = append(entries, data[2:2+length])
		data = data[2+length:]
	}
	if len(entries) != tile.W {
		return nil, fmt.Errorf("%s has %d entries instead of %d", path, len(entries), tile.W)
	}
	return entries, nil
}

// The tree that a signed checkpoint tells of.
func open(path string, verifier note.Verifier) (tlog.Tree, error) {
	var tree tlog.Tree
	data, err := os.ReadFile(path)
	if err != nil {
		return tree, err
	}
	signed, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tree, fmt.Errorf("%s is no checkpoint of %s", path, verifier.Name())
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tree, fmt.Errorf("%s has no root", path)
	}
	copy(tree.Hash[:], root)
	return tree, nil
}

// Every entry is in the tree at its place, by its hash and by a proof.
func checkEntries(m mirror, tree tlog.Tree, reader tlog.HashReader) error {
	for n := int64(0); n<<height < tree.N; n++ {
		entries, err := m.entries(n, tree.N)
		if err != nil {
			return err
		}
		for at, entry := range entries {
			index, hash := n<<height+int64(at), tlog.RecordHash(entry)
			proof, err := tlog.ProveRecord(tree.N, index, reader)
			if err != nil {
				return err
			}
			if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, hash); err != nil {
				return fmt.Errorf("entry %d: %w", index, err)
			}
		}
	}
	return nil
}

func run(arguments []string) error {
	if len(arguments) < 2 || len(arguments) > 3 {
		return fmt.Errorf("usage: reader DIR VKEY [OLD]")
	}
	m := mirror(arguments[0])
	verifier, err := note.NewVerifier(arguments[1])
	if err != nil {
		return err
	}
	tree, err := open(filepath.Join(string(m), "checkpoint"), verifier)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, m)
	root, err := tlog.TreeHash(tree.N, reader)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return fmt.Errorf("the tiles have the root %v, the checkpoint %v", root, tree.Hash)
	}
	if err := checkEntries(m, tree, reader); err != nil {
		return err
	}
	if len(arguments) == 3 {
		old, err := open(arguments[2], verifier)
		if err != nil {
			return err
		}
		proof, err := tlog.ProveTree(tree.N, old.N, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash); err != nil {
			return err
		}
		fmt.Printf("consistent with %d\n", old.N)
	}
	fmt.Printf("%d entries\n", tree.N)
	return nil
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
