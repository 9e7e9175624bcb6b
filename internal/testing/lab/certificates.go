package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http/httptest"
	"testing"
	"time"
)

// ServeTLS serves the index a second time, over TLS with a certificate of an
// authority that nobody trusts, and returns the address and that authority's
// certificate in PEM.
func (x *Index) ServeTLS(t *testing.T) (address string, authority []byte) {
	t.Helper()
	server := httptest.NewUnstartedServer(x)
	server.TLS, authority = Certified(t, "127.0.0.1")
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL, authority
}

// Certified returns how a server at an IP address proves that it is there, by an authority
// that nobody trusts, and that authority's certificate in PEM.
func Certified(t *testing.T, address string) (server *tls.Config, authority []byte) {
	t.Helper()
	parent := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Authority of a test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Server of a test"},
		NotBefore: parent.NotBefore, NotAfter: parent.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.ParseIP(address)},
	}
	parentKey, leafKey := newTLSKey(t), newTLSKey(t)
	parentDER := sign(t, parent, parent, &parentKey.PublicKey, parentKey)
	leafDER := sign(t, leaf, parent, &leafKey.PublicKey, parentKey)
	server = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{leafDER}, PrivateKey: leafKey}}}
	return server, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: parentDER})
}

func newTLSKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t *testing.T, certificate, parent *x509.Certificate, public *ecdsa.PublicKey, by *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, certificate, parent, public, by)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
