package objects

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func FuzzChunkReader(f *testing.F) {
	f.Add("b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n")
	f.Add("5;chunk-signature=00\r\nhello\r\n0;chunk-signature=00\r\n\r\n")
	f.Add("0\r\n")
	f.Add("-1\r\n")
	f.Fuzz(func(t *testing.T, framed string) {
		body, err := io.ReadAll(newChunkReader(strings.NewReader(framed), http.Header{}))
		if len(body) > len(framed) {
			t.Errorf("%d bytes from %d", len(body), len(framed))
		}
		if err == nil && !strings.Contains(framed, "0") {
			t.Errorf("%q has no last chunk", framed)
		}
	})
}
