// Command verify checks evidence of Huisbrug with the code of Go's own checksum database, and nothing
// of Huisbrug: notes with golang.org/x/mod/sumdb/note, proofs with golang.org/x/mod/sumdb/tlog.
//
//	verify <verifier key> <bundle.json>   checks a file that huisbrug audit prove wrote
//	verify                                reads one JSON object a line, answers ok or what is wrong
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// question is one line: a checkpoint, and perhaps an entry with its proof or an older checkpoint.
type question struct {
	Key        string   `json:"key"`
	Checkpoint string   `json:"checkpoint"`
	Entry      string   `json:"entry"`
	Proof      string   `json:"proof"`
	Old        string   `json:"old"`
	Hashes     []string `json:"hashes"`
}

type checkpoint struct {
	size int64
	root tlog.Hash
}

func main() {
	if len(os.Args) == 3 {
		if err := checkBundle(os.Args[1], os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, "wrong:", err)
			os.Exit(1)
		}
		return
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		if err := answer(lines.Bytes()); err != nil {
			fmt.Println("wrong:", err)
		} else {
			fmt.Println("ok")
		}
	}
}

func answer(line []byte) error {
	var q question
	if err := json.Unmarshal(line, &q); err != nil {
		return err
	}
	switch {
	case q.Proof != "":
		return checkRecord(q.Key, q.Proof, q.Entry)
	case q.Old != "":
		return checkTree(q)
	}
	_, err := open(q.Key, q.Checkpoint)
	return err
}

// open checks the signature of a checkpoint and reads its three lines; signatures by keys that are
// not known are ignored, as note.Open does.
func open(key, text string) (checkpoint, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return checkpoint{}, err
	}
	opened, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		return checkpoint{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return checkpoint{}, errors.New("this is not a checkpoint of that log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return checkpoint{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return checkpoint{size, root}, err
}

// checkRecord checks a .tlog-proof of an entry (base64).
func checkRecord(key, proof, entry string) error {
	head, signed, found := strings.Cut(proof, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("this is not a tlog-proof")
	}
	log, err := open(key, signed)
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	hashes, err := parseHashes(lines[2:])
	if err != nil {
		return err
	}
	data, err := base64.StdEncoding.DecodeString(entry)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(hashes, log.size, log.root, index, tlog.RecordHash(data))
}

// checkTree checks that the log of an older checkpoint is the beginning of that of a newer one.
func checkTree(q question) error {
	old, err := open(q.Key, q.Old)
	if err != nil {
		return err
	}
	now, err := open(q.Key, q.Checkpoint)
	if err != nil {
		return err
	}
	hashes, err := parseHashes(q.Hashes)
	if err != nil {
		return err
	}
	return tlog.CheckTree(hashes, now.size, now.root, old.size, old.root)
}

func parseHashes(lines []string) ([]tlog.Hash, error) {
	hashes := []tlog.Hash{}
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}

func checkBundle(key, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var bundle struct {
		Entries []struct{ Entry, Proof string }
	}
	if err := json.Unmarshal(text, &bundle); err != nil {
		return err
	}
	if len(bundle.Entries) == 0 {
		return errors.New("there are no entries")
	}
	for _, one := range bundle.Entries {
		if err := checkRecord(key, one.Proof, one.Entry); err != nil {
			return err
		}
	}
	fmt.Println(len(bundle.Entries), "entries are in the log")
	return nil
}
