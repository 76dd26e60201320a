package inspect

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/localstack/objects"
)

type objectsPage struct {
	Bucket, Prefix, Next string
	Buckets              []string
	Rows                 []objects.Object
}

// objectList shows the objects of a bucket.
func (p *Pages) objectList(w http.ResponseWriter, r *http.Request) error {
	buckets, err := p.Objects.Buckets()
	if err != nil {
		return err
	}
	page := objectsPage{Buckets: buckets, Bucket: r.FormValue("bucket"), Prefix: r.FormValue("prefix")}
	if page.Bucket == "" && len(page.Buckets) > 0 {
		page.Bucket = page.Buckets[0]
	}
	if !slices.Contains(page.Buckets, page.Bucket) {
		return errNotFound
	}
	rows, err := p.Objects.List(r.Context(), page.Bucket, page.Prefix, r.FormValue("after"), longList)
	if err != nil {
		return err
	}
	if page.Rows = rows; len(rows) == longList {
		page.Next = rows[len(rows)-1].Key
	}
	return p.render(w, r, "objects", view{Title: "Objects", Section: "objects", Page: page}, notNil(rows))
}

// object answers with an object's content as text, or as a download when it is none.
func (p *Pages) object(w http.ResponseWriter, r *http.Request) error {
	object, err := p.Objects.Get(r.Context(), r.PathValue("bucket"), r.PathValue("key"))
	if errors.Is(err, objects.ErrNotFound) {
		return errNotFound
	}
	if err != nil {
		return err
	}
	if kind := http.DetectContentType(object.Body); !strings.HasPrefix(kind, "text/") {
		w.Header().Set("Content-Disposition", "attachment")
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write(object.Body) // the client may be gone
		return nil
	}
	return writeRaw(w, object.Body)
}
