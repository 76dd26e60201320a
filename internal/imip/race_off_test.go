//go:build !race

package imip_test

// raceDetector says whether the tests run under the race detector, which makes sync.Pool forget things on purpose.
const raceDetector = false
