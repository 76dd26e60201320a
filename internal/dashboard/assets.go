package dashboard

import (
	"net/http"

	"github.com/calendarinvite/calendarinviteserver/internal/dashboard/view"
)

// asset serves a file that the pages load. Under the address that has the hash of its content it may be kept for ever.
func (s *Site) asset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	body, contentType, ok := s.Views.Asset(name)
	if !ok {
		s.problem(w, r, s.session(r), view.NotFound)
		return
	}
	keep := "no-cache"
	if s.base+r.URL.Path == s.Views.AssetPath(name) {
		keep = "public, max-age=31536000, immutable"
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", keep)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(body)
}
