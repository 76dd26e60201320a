package api

import "net/http"

// File answers with a file to keep, which no browser shows as a page. Its text must be UTF-8: API Gateway carries no other.
func File(text []byte, contentType, name string) Response {
	return Response{StatusCode: http.StatusOK, Body: string(text), Headers: map[string]string{
		"Content-Type":           contentType,
		"Content-Disposition":    `attachment; filename="` + name + `"`,
		"Cache-Control":          "no-store",
		"Referrer-Policy":        "no-referrer",
		"X-Content-Type-Options": "nosniff",
		"X-Robots-Tag":           "noindex, nofollow",
	}}
}
