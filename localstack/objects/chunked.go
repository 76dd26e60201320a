package objects

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// chunkReader reads a body in aws-chunked framing: <size in hex>[;chunk-signature=…] CRLF data CRLF …, ended by a chunk of size
// zero and, if announced, trailers such as x-amz-checksum-crc32 (S3 API reference, "Signature calculations: trailing headers").
type chunkReader struct {
	in      *bufio.Reader
	left    int64 // of the chunk
	begun   bool
	done    bool
	trailer http.Header
}

func newChunkReader(in io.Reader, trailer http.Header) *chunkReader {
	return &chunkReader{in: bufio.NewReader(in), trailer: trailer}
}

var errFraming = errors.New("bad aws-chunked framing")

func (c *chunkReader) Read(p []byte) (int, error) {
	for c.left == 0 {
		if c.done {
			return 0, io.EOF
		}
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n, err := c.in.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (c *chunkReader) next() error {
	if c.begun { // the line break after the data
		if line, err := c.line(); err != nil || line != "" {
			return errFraming
		}
	}
	c.begun = true
	line, err := c.line()
	if err != nil {
		return err
	}
	size, _, _ := strings.Cut(line, ";")
	c.left, err = strconv.ParseInt(strings.TrimSpace(size), 16, 64)
	if err != nil || c.left < 0 || c.left > uploadLimit {
		return errFraming
	}
	if c.left == 0 {
		c.done = true
		return c.trailers()
	}
	return nil
}

func (c *chunkReader) trailers() error {
	for range 20 {
		line, err := c.line()
		if err == io.ErrUnexpectedEOF && line == "" || line == "" {
			return nil // some clients leave out the last empty line
		}
		if err != nil {
			return err
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return errFraming
		}
		c.trailer.Set(name, strings.TrimSpace(value))
	}
	return errFraming
}

func (c *chunkReader) line() (string, error) {
	line, err := c.in.ReadSlice('\n')
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return string(bytes.TrimRight(line, "\r\n")), err
}

// checksums are the algorithms that SDKs send, by the header that carries the result.
var checksums = map[string]func() hash.Hash{
	"X-Amz-Checksum-Crc32":     func() hash.Hash { return crc32.NewIEEE() },
	"X-Amz-Checksum-Crc32c":    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"X-Amz-Checksum-Crc64nvme": func() hash.Hash { return crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5)) }, // CRC-64/NVME, reflected
	"X-Amz-Checksum-Sha1":      sha1.New,
	"X-Amz-Checksum-Sha256":    sha256.New,
}

// verify holds the checksums that a client claims against the body.
func verify(body []byte, claims http.Header) error {
	for name, algorithm := range checksums {
		claim := claims.Get(name)
		if claim == "" {
			continue
		}
		h := algorithm()
		_, _ = h.Write(body) // hashes never fail
		if base64.StdEncoding.EncodeToString(h.Sum(nil)) != claim {
			return protocol.Errorf("BadDigest", "The %s you specified did not match the calculated checksum.", strings.ToLower(strings.TrimPrefix(name, "X-Amz-Checksum-")))
		}
	}
	return nil
}
