package sqs

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"net/http"
)

// handle is one delivery of one message: which queue (by its creation, in ns since 1970), which entry, which of its receives.
type handle struct {
	queue    int64
	entry    uint64
	delivery uint64
}

// A handle travels as base64 of three 64-bit numbers and their CRC-32, which tells ours from garbage.
const handleSize = 3*8 + 4

func (h handle) String() string {
	b := make([]byte, 0, handleSize)
	b = binary.BigEndian.AppendUint64(b, uint64(h.queue))
	b = binary.BigEndian.AppendUint64(b, h.entry)
	b = binary.BigEndian.AppendUint64(b, h.delivery)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	return base64.StdEncoding.EncodeToString(b)
}

// delivered finds the message of a receipt handle. It is nil when the message is gone; a handle that this queue never gave is
// an error.
func (q *queue) delivered(text string) (*message, handle, error) {
	if text == "" {
		return nil, handle{}, missing("ReceiptHandle")
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) != handleSize || crc32.ChecksumIEEE(b[:24]) != binary.BigEndian.Uint32(b[24:]) {
		return nil, handle{}, strange(text)
	}
	h := handle{int64(binary.BigEndian.Uint64(b)), binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[16:])}
	if h.queue != q.created.UnixNano() {
		return nil, handle{}, strange(text)
	}
	return q.messages[h.entry], h, nil
}

func strange(handle string) error {
	return failure(http.StatusBadRequest, "ReceiptHandleIsInvalid", "The input receipt handle \""+handle+"\" is not a valid receipt handle.")
}
