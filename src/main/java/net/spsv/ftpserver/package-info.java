/*
 * Copyright the ftpserver-spsv authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
/**
 * Single-port mode for Apache FtpServer: {@link net.spsv.ftpserver.SpsvFtplet} is what an installation names;
 * everything else is wired by it and not meant to be used directly.
 *
 * <p>The rooms, from the wire inwards: {@code login} hears a connection, {@code token} knows whom it is for,
 * {@code detach} takes its socket from MINA, {@code data} transfers; {@code command} is what FtpServer sees of it.
 */
package net.spsv.ftpserver;
