package pluginhost

// #include "host.h"
import "C"

const (
	messageLogs         = C.OTELCOL_MESSAGE_LOGS
	messageResourceLogs = C.OTELCOL_MESSAGE_RESOURCE_LOGS
	messageResource     = C.OTELCOL_MESSAGE_RESOURCE
	messageScopeLogs    = C.OTELCOL_MESSAGE_SCOPE_LOGS
	messageScope        = C.OTELCOL_MESSAGE_SCOPE
	messageLogRecord    = C.OTELCOL_MESSAGE_LOG_RECORD
	messageKeyValue     = C.OTELCOL_MESSAGE_KEY_VALUE
	messageAnyValue     = C.OTELCOL_MESSAGE_ANY_VALUE
	messageArray        = C.OTELCOL_MESSAGE_ARRAY
	messageMap          = C.OTELCOL_MESSAGE_MAP

	field64       = C.OTELCOL_FIELD_64
	fieldInt32    = C.OTELCOL_FIELD_INT32
	fieldUint32   = C.OTELCOL_FIELD_UINT32
	fieldBool     = C.OTELCOL_FIELD_BOOL
	fieldString   = C.OTELCOL_FIELD_STRING
	fieldBytes    = C.OTELCOL_FIELD_BYTES
	fieldID       = C.OTELCOL_FIELD_ID
	fieldStruct   = C.OTELCOL_FIELD_STRUCT
	fieldPointer  = C.OTELCOL_FIELD_POINTER
	fieldStructs  = C.OTELCOL_FIELD_STRUCTS
	fieldPointers = C.OTELCOL_FIELD_POINTERS
	fieldOneof    = C.OTELCOL_FIELD_ONEOF

	fieldSize = C.sizeof_otelcol_field
)
