package aws

import (
	"net/http"
	"net/url"
	"strings"
)

// s3Needs understands the S3 API, where method, path and query name the action.
func (s *Server) s3Needs(c *call, r *http.Request) {
	c.service = "s3"
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	operation, permission := s3Operation(r, bucket, key)
	c.action = operation
	switch {
	case bucket == "":
		c.needs = []need{{"s3:" + permission, "*"}}
	case key == "" && operation == "DeleteObjects":
		c.needs = []need{{"s3:" + permission, s.cfg.Wiring.BucketARN(bucket) + "/*"}}
	case key == "":
		c.needs = []need{{"s3:" + permission, s.cfg.Wiring.BucketARN(bucket)}}
	default:
		c.needs = []need{{"s3:" + permission, s.cfg.Wiring.BucketARN(bucket) + "/" + key}}
		if permission == "GetObject" {
			c.object.bucket, c.object.key = bucket, key
		}
	}
	if source := r.Header.Get("X-Amz-Copy-Source"); source != "" {
		if decoded, err := url.QueryUnescape(source); err == nil {
			source = decoded
		}
		c.action = "CopyObject"
		c.needs = append(c.needs, need{"s3:GetObject", s.cfg.Wiring.BucketARN(strings.TrimPrefix(source, "/"))})
	}
}

// s3Operation is a request's API operation, and the IAM action that it needs (S3 user guide, "Required permissions for S3 API operations").
func s3Operation(r *http.Request, bucket, key string) (operation, permission string) {
	query := r.URL.Query()
	same := func(name string) (string, string) { return name, name }
	switch {
	case bucket == "":
		return "ListBuckets", "ListAllMyBuckets"
	case key == "" && query.Has("location"):
		return same("GetBucketLocation")
	case key == "" && query.Has("versioning"):
		return same("GetBucketVersioning")
	case key == "" && query.Has("uploads"):
		return "ListMultipartUploads", "ListBucketMultipartUploads"
	case key == "":
		switch r.Method {
		case http.MethodHead:
			return "HeadBucket", "ListBucket"
		case http.MethodPut:
			return same("CreateBucket")
		case http.MethodDelete:
			return same("DeleteBucket")
		case http.MethodPost:
			return "DeleteObjects", "DeleteObject"
		}
		return "ListObjectsV2", "ListBucket"
	case query.Has("uploadId") || query.Has("uploads"):
		switch r.Method {
		case http.MethodDelete:
			return same("AbortMultipartUpload")
		case http.MethodGet:
			return "ListParts", "ListMultipartUploadParts"
		case http.MethodPut:
			return "UploadPart", "PutObject"
		}
		if query.Has("uploads") {
			return "CreateMultipartUpload", "PutObject"
		}
		return "CompleteMultipartUpload", "PutObject"
	}
	switch r.Method {
	case http.MethodHead:
		return "HeadObject", "GetObject"
	case http.MethodPut, http.MethodPost:
		return same("PutObject")
	case http.MethodDelete:
		return same("DeleteObject")
	}
	return same("GetObject")
}
