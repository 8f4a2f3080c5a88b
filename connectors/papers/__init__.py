"""Writers of one document as HTML mail, plain text, DOCX and XLSX."""
