-- An error code of 0 says that there is none, as some of Twilio's files and answers write it.
update raw_messages set error_code = null where error_code = 0;
update status_events set error_code = null where error_code = 0;
