"""HTML pages as they stream by: where tag and bar go, and which tags are held. Bytes in, bytes out."""
