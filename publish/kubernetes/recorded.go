package kubernetes

import (
	"context"
	"errors"

	"github.com/deployfile/deployfile/publish"
)

// recorded are the objects that records name.
type recorded struct {
	// previous are those of the newest deployed revision, left those of rollouts
	// that did not succeed, all those of every record.
	previous, left, all []object
}

// objectsOf reads the objects of records, newest first.
func (c *connection) objectsOf(ctx context.Context, records []publish.Record) (out recorded, err error) {
	newest := publish.NewestDeployed(records)
	for i := range records {
		objects, err := c.known(ctx, records[i])
		if err != nil {
			return out, err
		}
		out.all = append(out.all, objects...)
		switch {
		case &records[i] == newest:
			out.previous = objects
		case records[i].Phase != publish.Deployed:
			out.left = append(out.left, objects...)
		}
	}
	return out, nil
}

// known is objects for the documents of a record, without kinds that the cluster no
// longer has: their objects cannot exist either.
func (c *connection) known(ctx context.Context, r publish.Record) ([]object, error) {
	list, err := parse(r.Documents)
	if err != nil {
		return nil, err
	}
	name := c.recordName(r.Number)
	var out []object
	for _, o := range list {
		err := c.locate(ctx, &o)
		var unknown *UnknownKindError
		if errors.As(err, &unknown) {
			continue
		}
		if err != nil {
			return nil, err
		}
		o.document = "ControllerRevision " + c.namespace + "/" + name
		if err := c.ownRecorded(o); err != nil {
			return nil, c.broken(name, err)
		}
		out = append(out, o)
	}
	return out, nil
}
